#include "answer.h"

#include <string.h>

bool fail_unreadable_answer(struct failure *failure)
{
    return fail_plainly(failure, "broker-answer-unreadable",
                        "the answer is not one that a broker gives", "is this address a broker?");
}

/* The place of the first `\r\n` in `span`, or its length. */
static size_t find_line_end(struct span span)
{
    for (size_t i = 0; i + 1 < span.length; i++) {
        if (span.bytes[i] == '\r' && span.bytes[i + 1] == '\n') {
            return i;
        }
    }
    return span.length;
}

static struct span after(struct span span, size_t taken)
{
    return (struct span){span.bytes + taken, span.length - taken};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct span strip(struct span span)
{
    while (span.length > 0 && is_space(span.bytes[0])) {
        span = after(span, 1);
    }
    while (span.length > 0 && is_space(span.bytes[span.length - 1])) {
        span.length--;
    }
    return span;
}

/* Whether `span` is `lower`, in any case of ASCII. */
static bool equals_ignoring_case(struct span span, const char *lower)
{
    if (span.length != strlen(lower)) {
        return false;
    }
    for (size_t i = 0; i < span.length; i++) {
        char c = span.bytes[i];

        if ((c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c) != lower[i]) {
            return false;
        }
    }
    return true;
}

/* Take out at most `most` decimal digits; false for anything else. */
static bool parse_digits(struct span digits, size_t most, size_t *number)
{
    *number = 0;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.bytes[i] < '0' || digits.bytes[i] > '9' || i == most) {
            return false;
        }
        *number = *number * 10 + (size_t)(digits.bytes[i] - '0');
    }
    return digits.length > 0;
}

static bool parse_status(struct span line, unsigned *status)
{
    size_t number;
    struct span version = {line.bytes, 9};

    if (line.length < 12 || (line.length > 12 && line.bytes[12] != ' ') ||
        (memcmp(version.bytes, "HTTP/1.1 ", version.length) != 0 &&
         memcmp(version.bytes, "HTTP/1.0 ", version.length) != 0) ||
        !parse_digits((struct span){line.bytes + 9, 3}, 3, &number)) {
        return false;
    }
    *status = (unsigned)number;
    return true;
}

struct framing {
    struct span length;   /* `bytes` is NULL where the field is not there */
    struct span encoding;
};

/* Find the field that says where the body ends; false where there are two: which one is right
 * would depend on who reads them. */
static bool read_fields(struct span lines, struct framing *framing)
{
    *framing = (struct framing){{NULL, 0}, {NULL, 0}};
    while (lines.length > 0) {
        size_t end = find_line_end(lines);
        const char *colon = memchr(lines.bytes, ':', end);
        size_t name_end = colon == NULL ? end : (size_t)(colon - lines.bytes);
        struct span name = {lines.bytes, name_end};
        size_t value = colon == NULL ? end : name_end + 1;
        struct span rest = strip((struct span){lines.bytes + value, end - value});

        bool is_length = equals_ignoring_case(name, "content-length");

        if (is_length || equals_ignoring_case(name, "transfer-encoding")) {
            if (framing->length.bytes != NULL || framing->encoding.bytes != NULL) {
                return false;
            }
            *(is_length ? &framing->length : &framing->encoding) = rest;
        }
        lines = after(lines, end + 2 < lines.length ? end + 2 : lines.length);
    }
    return true;
}

/* Read the size of a chunk: up to 8 hexadecimal digits, then perhaps an extension. */
static bool parse_chunk_size(struct span line, size_t *size)
{
    const char *semicolon = memchr(line.bytes, ';', line.length);
    struct span digits = line;

    if (semicolon != NULL) {
        digits.length = (size_t)(semicolon - line.bytes);
    }
    digits = strip(digits);
    *size = 0;
    for (size_t i = 0; i < digits.length; i++) {
        char c = digits.bytes[i];
        int value = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (value < 0) {
            return false;
        }
        *size = *size * 16 + (size_t)value;
    }
    return digits.length > 0 && digits.length <= 8;
}

/* Walk the chunks, and where `joins` put them together in place; false without the last, empty one:
 * the body was cut off. */
static bool unchunk(struct answer *answer, bool joins)
{
    struct span rest = {answer->body, answer->length};
    size_t joined = 0;

    for (;;) {
        size_t end = find_line_end(rest);
        size_t size;

        if (end == rest.length || !parse_chunk_size((struct span){rest.bytes, end}, &size)) {
            return false;
        }
        rest = after(rest, end + 2);
        if (size > rest.length || rest.length - size < 2 || rest.bytes[size] != '\r' ||
            rest.bytes[size + 1] != '\n') {
            return false;
        }
        if (size == 0) {
            answer->length = joined;
            return true;
        }
        if (joins) {
            memmove(answer->body + joined, rest.bytes, size);
        }
        joined += size;
        rest = after(rest, size + 2);
    }
}

/* Find head and body; false for what is no HTTP, or has two fields that say where the body ends. */
static bool split(struct received *received, struct answer *answer, struct framing *framing)
{
    struct span rest = {received->bytes, received->length};
    size_t head_end = 0;
    size_t line_end = find_line_end(rest);

    while (head_end + 4 <= rest.length && memcmp(rest.bytes + head_end, "\r\n\r\n", 4) != 0) {
        head_end++;
    }
    if (head_end + 4 > rest.length ||
        !parse_status((struct span){rest.bytes, line_end}, &answer->status)) {
        return false;
    }
    answer->body = received->bytes + head_end + 4;
    answer->length = received->length - head_end - 4;
    rest.length = head_end;
    return read_fields(after(rest, line_end + 2 < head_end ? line_end + 2 : head_end), framing);
}

/* Whether the body is as long as its field says; half a secret is worse than none. */
static bool ends_as_framed(struct answer *answer, const struct framing *framing, bool joins)
{
    size_t length;

    if (framing->encoding.bytes != NULL) {
        return equals_ignoring_case(framing->encoding, "chunked") && unchunk(answer, joins);
    }
    return parse_digits(framing->length, 10, &length) && length == answer->length;
}

static bool is_framed(const struct framing *framing)
{
    return framing->encoding.bytes != NULL || framing->length.bytes != NULL;
}

bool is_whole_answer(struct received *received)
{
    struct answer answer;
    struct framing framing;

    return split(received, &answer, &framing) && is_framed(&framing) &&
           ends_as_framed(&answer, &framing, false);
}

bool parse_answer(struct received *received, struct answer *answer, struct failure *failure)
{
    struct framing framing;

    if (!split(received, answer, &framing) ||
        (is_framed(&framing) && !ends_as_framed(answer, &framing, true))) {
        return fail_unreadable_answer(failure);
    }
    return true;
}
