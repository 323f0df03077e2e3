#include "output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void flush(struct output *output)
{
    for (size_t written = 0; written < output->length && !output->has_failed;) {
        ssize_t some =
            write(output->descriptor, output->bytes + written, output->length - written);

        if (some >= 0) {
            written += (size_t)some;
        } else if (errno != EINTR) {
            output->has_failed = true;
        }
    }
    output->length = 0;
}

static void write_byte(struct output *output, char byte)
{
    if (output->length == sizeof output->bytes) {
        flush(output);
    }
    output->bytes[output->length++] = byte;
}

void write_span(struct output *output, struct span span)
{
    for (size_t i = 0; i < span.length; i++) {
        write_byte(output, span.bytes[i]);
    }
}

void write_words(struct output *output, const char *words)
{
    write_span(output, span_of(words));
}

void write_shown(struct output *output, const struct text *text)
{
    write_span(output, (struct span){text->bytes, text->length});
    write_words(output, text->is_cut ? "\xe2\x80\xa6" : "");
}

static void write_code_unit(struct output *output, uint32_t unit)
{
    static const char DIGITS[] = "0123456789abcdef";

    write_words(output, "\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
        write_byte(output, DIGITS[(unit >> shift) & 0xf]);
    }
}

static void write_escaped(struct output *output, uint32_t character)
{
    static const char NAMES[] = "\"\\bfnrt";
    static const char MEANT[] = "\"\\\b\f\n\r\t";
    const char *meant = character > 0 && character < 0x80 ? strchr(MEANT, (int)character) : NULL;

    if (meant != NULL) {
        write_byte(output, '\\');
        write_byte(output, NAMES[meant - MEANT]);
    } else if (character < 0x10000) {
        write_code_unit(output, character);
    } else {
        write_code_unit(output, 0xd800 + ((character - 0x10000) >> 10));
        write_code_unit(output, 0xdc00 + ((character - 0x10000) & 0x3ff));
    }
}

void write_json_string(struct output *output, struct span string)
{
    write_byte(output, '"');
    for (size_t at = 0; at < string.length;) {
        int32_t character = next_character(string, &at, true);

        if (character >= ' ' && character <= '~' && character != '"' && character != '\\') {
            write_byte(output, (char)character);
        } else {
            write_escaped(output, (uint32_t)character);
        }
    }
    write_byte(output, '"');
}

bool finish(struct output *output)
{
    flush(output);
    wipe(output->bytes, sizeof output->bytes);
    return !output->has_failed;
}
