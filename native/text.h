/* Text from outside, made safe to show; names from outside, checked before they are used.
 *
 * The twin of src/valetkey/sandbox/text.py. Nothing here is a format string.
 */
#ifndef VALETKEY_TEXT_H
#define VALETKEY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TEXT_CHARACTERS = 400, /* one readable line or two; nobody reads more of an error */
    TEXT_BYTES = 4 * TEXT_CHARACTERS,
};

/* Bytes of somebody else: not owned, not ended by a zero. `bytes` is NULL where there are none. */
struct span {
    const char *bytes;
    size_t length;
};

/* A line to be shown: at most 400 characters of UTF-8, and whether there were more. */
struct text {
    size_t characters;
    size_t length;
    bool is_cut;
    char bytes[TEXT_BYTES];
};

/* The span of a string that ends with a zero; the empty span of NULL. */
struct span span_of(const char *string);

bool span_equals(struct span span, const char *string);

/* Add our own words: ASCII. */
void text_add(struct text *text, const char *words);

/* Add `number` in decimal. */
void text_add_number(struct text *text, unsigned number);

/* Add words from a command line, a path or the system: at most 400 characters, then an ellipsis;
 * `?` for each byte that is not UTF-8 and each character but the visible ones of ASCII and the
 * ellipsis: which others can be shown differs from terminal to terminal, and Unicode to Unicode. */
void text_add_plain(struct text *text, struct span words);

/* The same for a string out of `json_read`, in which a lone surrogate is one character. */
void text_add_plain_json(struct text *text, struct span words);

/* Return the next character of `bytes` and move `at` behind it; -1 for one byte that begins none.
 * With `surrogates`, those are characters, as JSON's escapes can write them. RFC 3629. */
int32_t next_character(struct span bytes, size_t *at, bool surrogates);

/* Whether `name` may stand in a URL path, a profile header and a shell word unquoted. */
bool is_grant_name(struct span name);

/* Whether `code` has the form of an error code: kebab-case, at most 64 characters. */
bool is_code(struct span code);

/* Whether `token` is visible ASCII alone, so that it cannot end or split a header. */
bool is_header_value(struct span token);

/* Overwrite `size` bytes, so that no compiler leaves it out. */
void wipe(void *bytes, size_t size);

#endif
