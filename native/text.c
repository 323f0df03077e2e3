#include "text.h"

#include <string.h>

static const char ELLIPSIS[] = "\xe2\x80\xa6"; /* U+2026 */

struct span span_of(const char *string)
{
    return (struct span){string, string == NULL ? 0 : strlen(string)};
}

bool span_equals(struct span span, const char *string)
{
    size_t length = strlen(string);

    return span.length == length && memcmp(span.bytes, string, length) == 0;
}

static bool is_shown(int32_t character)
{
    return (character >= ' ' && character <= '~') || character == 0x2026;
}

static void add_character(struct text *text, const char *bytes, size_t length)
{
    if (text->characters == TEXT_CHARACTERS) {
        text->is_cut = true;
        return;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->characters++;
}

void text_add(struct text *text, const char *words)
{
    for (; *words != '\0'; words++) {
        add_character(text, words, 1);
    }
}

void text_add_number(struct text *text, unsigned number)
{
    char digits[10];
    size_t first = sizeof digits;

    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    for (; first < sizeof digits; first++) {
        add_character(text, digits + first, 1);
    }
}

static void add_shown(struct text *text, struct span words, bool surrogates)
{
    size_t shown = 0;

    for (size_t at = 0; at < words.length; shown++) {
        size_t before = at;
        int32_t character = next_character(words, &at, surrogates);

        if (shown == TEXT_CHARACTERS) {
            add_character(text, ELLIPSIS, sizeof ELLIPSIS - 1);
            return;
        }
        if (is_shown(character)) {
            add_character(text, words.bytes + before, at - before);
        } else {
            add_character(text, "?", 1);
        }
    }
}

void text_add_plain(struct text *text, struct span words)
{
    add_shown(text, words, false);
}

void text_add_plain_json(struct text *text, struct span words)
{
    add_shown(text, words, true);
}

int32_t next_character(struct span bytes, size_t *at, bool surrogates)
{
    static const int32_t SMALLEST[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)bytes.bytes[(*at)++];
    size_t size = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    int32_t character;

    if (size == 1) {
        return first;
    }
    if (size == 0 || first > 0xf4 || bytes.length - *at < size - 1) {
        return -1;
    }
    character = first & (0x7f >> size);
    for (size_t i = 0; i < size - 1; i++) {
        unsigned char more = (unsigned char)bytes.bytes[*at + i];

        if ((more & 0xc0) != 0x80) {
            return -1;
        }
        character = (character << 6) | (more & 0x3f);
    }
    if (character < SMALLEST[size] || character > 0x10ffff ||
        (!surrogates && character >= 0xd800 && character < 0xe000)) {
        return -1;
    }
    *at += size - 1;
    return character;
}

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_grant_name(struct span name)
{
    if (name.length == 0 || name.length > 64 || strchr("-_.", name.bytes[0]) != NULL) {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        char c = name.bytes[i];

        if (!is_lower_or_digit(c) && !(c >= 'A' && c <= 'Z') && c != '-' && c != '_' && c != '.') {
            return false;
        }
    }
    return true;
}

bool is_code(struct span code)
{
    if (code.length == 0 || code.length > 64 || code.bytes[0] == '-') {
        return false;
    }
    for (size_t i = 0; i < code.length; i++) {
        if (!is_lower_or_digit(code.bytes[i]) && code.bytes[i] != '-') {
            return false;
        }
    }
    return true;
}

bool is_header_value(struct span token)
{
    for (size_t i = 0; i < token.length; i++) {
        if (token.bytes[i] < '!' || token.bytes[i] > '~') {
            return false;
        }
    }
    return token.length > 0;
}

void wipe(void *bytes, size_t size)
{
    volatile unsigned char *each = bytes;

    while (size-- > 0) {
        *each++ = 0;
    }
}
