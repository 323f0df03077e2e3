#include "scan.h"

#include <string.h>

enum { MOST_DIGITS = 4300 }; /* where Python's int stops, against quadratic time */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->length && is_space(cursor->bytes[cursor->at])) {
        cursor->at++;
    }
}

bool take(struct cursor *cursor, char c)
{
    if (cursor->at < cursor->length && cursor->bytes[cursor->at] == c) {
        cursor->at++;
        return true;
    }
    return false;
}

bool take_word(struct cursor *cursor, const char *word)
{
    size_t length = strlen(word);

    if (cursor->length - cursor->at < length ||
        memcmp(cursor->bytes + cursor->at, word, length) != 0) {
        return false;
    }
    cursor->at += length;
    return true;
}

/* Move behind decimal digits and return how many there were. */
static size_t take_digits(struct cursor *cursor)
{
    size_t first = cursor->at;

    while (cursor->at < cursor->length && cursor->bytes[cursor->at] >= '0' &&
           cursor->bytes[cursor->at] <= '9') {
        cursor->at++;
    }
    return cursor->at - first;
}

bool scan_number(struct cursor *cursor)
{
    bool is_integer = true;
    size_t digits;

    take(cursor, '-');
    digits = take(cursor, '0') ? 1 : take_digits(cursor);
    if (digits == 0) {
        return false;
    }
    if (take(cursor, '.')) {
        is_integer = false;
        if (take_digits(cursor) == 0) {
            return false;
        }
    }
    if (take(cursor, 'e') || take(cursor, 'E')) {
        is_integer = false;
        if (!take(cursor, '+')) {
            take(cursor, '-');
        }
        if (take_digits(cursor) == 0) {
            return false;
        }
    }
    return !is_integer || digits <= MOST_DIGITS;
}

/* Read the four hexadecimal digits of a `\u`; -1 where there are none. */
static int32_t take_code_unit(struct cursor *cursor)
{
    int32_t unit = 0;

    if (cursor->length - cursor->at < 4) {
        return -1;
    }
    for (size_t i = 0; i < 4; i++) {
        char c = cursor->bytes[cursor->at++];

        if (c >= '0' && c <= '9') {
            unit = unit * 16 + (c - '0');
        } else if (c >= 'a' && c <= 'f') {
            unit = unit * 16 + (c - 'a' + 10);
        } else if (c >= 'A' && c <= 'F') {
            unit = unit * 16 + (c - 'A' + 10);
        } else {
            return -1;
        }
    }
    return unit;
}

/* Read what follows `\u`: one character, of two escapes if they are a pair. */
static int32_t take_escaped_character(struct cursor *cursor)
{
    int32_t character = take_code_unit(cursor);
    size_t before = cursor->at;

    if (character < 0xd800 || character > 0xdbff || !take_word(cursor, "\\u")) {
        return character;
    }
    int32_t second = take_code_unit(cursor);

    if (second < 0) {
        return -1;
    }
    if (second < 0xdc00 || second > 0xdfff) {
        cursor->at = before;
        return character;
    }
    return 0x10000 + ((character - 0xd800) << 10) + (second - 0xdc00);
}

/* Write `character` at `to`, which is never longer than its escape; return the bytes written. */
static size_t write_character(char *to, int32_t character)
{
    size_t size = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const unsigned char LEADS[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = size; i > 1; i--) {
        to[i - 1] = (char)(0x80 | (character & 0x3f));
        character >>= 6;
    }
    to[0] = (char)(LEADS[size] | character);
    return size;
}

/* Read what follows a backslash and write it at `to`; return the bytes written, 0 for an error. */
static size_t scan_escape(struct cursor *cursor, char *to)
{
    static const char NAMES[] = "\"\\/bfnrt";
    static const char MEANT[] = "\"\\/\b\f\n\r\t";
    const char *name;
    int32_t character;

    if (take(cursor, 'u')) {
        character = take_escaped_character(cursor);
        return character < 0 ? 0 : write_character(to, character);
    }
    if (cursor->at == cursor->length || cursor->bytes[cursor->at] == '\0') {
        return 0;
    }
    name = strchr(NAMES, cursor->bytes[cursor->at++]);
    if (name == NULL) {
        return 0;
    }
    *to = MEANT[name - NAMES];
    return 1;
}

bool scan_string(struct cursor *cursor, struct span *string)
{
    char *to = cursor->bytes + cursor->at;
    const char *first = to;

    while (cursor->at < cursor->length) {
        char c = cursor->bytes[cursor->at++];

        if (c == '"') {
            *string = (struct span){first, (size_t)(to - first)};
            return true;
        }
        if ((unsigned char)c < ' ') {
            return false;
        }
        if (c == '\\') {
            size_t written = scan_escape(cursor, to);

            if (written == 0) {
                return false;
            }
            to += written;
        } else {
            *to++ = c;
        }
    }
    return false;
}
