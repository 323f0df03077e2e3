/* JSON's words, one at a time: what stands between the brackets. RFC 8259 sections 2, 6 and 7. */
#ifndef VALETKEY_SCAN_H
#define VALETKEY_SCAN_H

#include "text.h"

/* A place in a text of JSON. All that is taken moves it; what returns false leaves it anywhere. */
struct cursor {
    char *bytes;
    size_t length;
    size_t at;
};

void skip_space(struct cursor *cursor);

/* Move behind `c` if it comes next. */
bool take(struct cursor *cursor, char c);

/* Move behind `word` if it comes next. */
bool take_word(struct cursor *cursor, const char *word);

/* Move behind a number; an integer has at most 4,300 digits. */
bool scan_number(struct cursor *cursor);

/* Read a string behind its opening quote, decoded over its own text. */
bool scan_string(struct cursor *cursor, struct span *string);

#endif
