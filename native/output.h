/* Bytes for standard output and standard error, in as few writes as they fit into. */
#ifndef VALETKEY_OUTPUT_H
#define VALETKEY_OUTPUT_H

#include "text.h"

enum { OUTPUT_BYTES = 8192 };

/* An open output; all but `descriptor` begins as zero. */
struct output {
    int descriptor;
    bool has_failed;
    size_t length;
    char bytes[OUTPUT_BYTES];
};

void write_words(struct output *output, const char *words);

void write_span(struct output *output, struct span span);

/* Write a line to be shown, with an ellipsis where it was cut. */
void write_shown(struct output *output, const struct text *text);

/* Write a string out of `json_read` as JSON in ASCII: what is not a visible character of it is
 * escaped, a character above U+FFFF as two. */
void write_json_string(struct output *output, struct span string);

/* Write what is left and wipe it; false if anything could not be written. */
bool finish(struct output *output);

#endif
