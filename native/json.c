#include "json.h"

#include <string.h>

#include "scan.h"

enum {
    MOST_LEVELS = 64,
    MOST_KEYS = JSON_BYTES / 5 + 1, /* a member has at least `"":0,` */
};

/* A member's name, as it stands decoded in the text. */
struct key {
    uint32_t hash;
    struct span name;
};

struct reader {
    struct cursor cursor;
    size_t keys; /* of all objects that are open, the outermost first */
    struct member *members;
    size_t members_count;
};

static struct key keys[MOST_KEYS];

static bool scan_value(struct reader *reader, unsigned level, struct span *string);

static uint32_t hash_of(struct span name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < name.length; i++) {
        hash = (hash ^ (unsigned char)name.bytes[i]) * 16777619u;
    }
    return hash;
}

/* Remember `name` among the keys of its object, which begin at `first`; false if it is there. */
static bool add_key(struct reader *reader, size_t first, struct span name)
{
    uint32_t hash = hash_of(name);

    for (size_t i = first; i < reader->keys; i++) {
        if (keys[i].hash == hash && keys[i].name.length == name.length &&
            memcmp(keys[i].name.bytes, name.bytes, name.length) == 0) {
            return false;
        }
    }
    if (reader->keys == MOST_KEYS) {
        return false;
    }
    keys[reader->keys++] = (struct key){hash, name};
    return true;
}

static void keep(struct reader *reader, struct span name, struct span string)
{
    for (size_t i = 0; i < reader->members_count; i++) {
        if (span_equals(name, reader->members[i].name) && string.length > 0) {
            reader->members[i].string = string;
        }
    }
}

static bool scan_object(struct reader *reader, unsigned level)
{
    size_t first = reader->keys;

    skip_space(&reader->cursor);
    if (take(&reader->cursor, '}')) {
        return true;
    }
    for (;;) {
        struct span name;
        struct span string = {NULL, 0};

        if (!take(&reader->cursor, '"') || !scan_string(&reader->cursor, &name) ||
            !add_key(reader, first, name)) {
            return false;
        }
        skip_space(&reader->cursor);
        if (!take(&reader->cursor, ':') || !scan_value(reader, level, &string)) {
            return false;
        }
        if (level == 1) {
            keep(reader, name, string);
        }
        skip_space(&reader->cursor);
        if (take(&reader->cursor, '}')) {
            reader->keys = first;
            return true;
        }
        if (!take(&reader->cursor, ',')) {
            return false;
        }
        skip_space(&reader->cursor);
    }
}

static bool scan_array(struct reader *reader, unsigned level)
{
    struct span string;

    skip_space(&reader->cursor);
    if (take(&reader->cursor, ']')) {
        return true;
    }
    do {
        if (!scan_value(reader, level, &string)) {
            return false;
        }
        skip_space(&reader->cursor);
    } while (take(&reader->cursor, ','));
    return take(&reader->cursor, ']');
}

/* Read one value inside of `level` objects and arrays; fill `string` if it is one. */
static bool scan_value(struct reader *reader, unsigned level, struct span *string)
{
    skip_space(&reader->cursor);
    if (take(&reader->cursor, '"')) {
        return scan_string(&reader->cursor, string);
    }
    if (take(&reader->cursor, '{')) {
        return level < MOST_LEVELS && scan_object(reader, level + 1);
    }
    if (take(&reader->cursor, '[')) {
        return level < MOST_LEVELS && scan_array(reader, level + 1);
    }
    return take_word(&reader->cursor, "true") || take_word(&reader->cursor, "false") ||
           take_word(&reader->cursor, "null") || scan_number(&reader->cursor);
}

static bool is_utf8(struct span bytes)
{
    for (size_t at = 0; at < bytes.length;) {
        if (next_character(bytes, &at, false) < 0) {
            return false;
        }
    }
    return true;
}

bool json_read(char *bytes, size_t length, struct member *members, size_t count)
{
    struct reader reader = {
        .cursor = {.bytes = bytes, .length = length}, .members = members, .members_count = count};

    if (length > JSON_BYTES || !is_utf8((struct span){bytes, length})) {
        return false;
    }
    skip_space(&reader.cursor);
    if (!take(&reader.cursor, '{') || !scan_object(&reader, 1)) {
        return false;
    }
    skip_space(&reader.cursor);
    return reader.cursor.at == length;
}
