/* A JSON object, read strictly and in place.
 *
 * UTF-8, at most 81,920 bytes, one object, no duplicate members at any depth, no NaN, at most 64
 * levels, integers of at most 4,300 digits: what src/valetkey/sandbox/document.py takes. RFC 8259,
 * RFC 7493.
 */
#ifndef VALETKEY_JSON_H
#define VALETKEY_JSON_H

#include "text.h"

enum { JSON_BYTES = 81920 }; /* as much as an answer has, its head included */

/* A member of the outermost object that is wanted. */
struct member {
    const char *name;
    struct span string; /* `bytes` is NULL unless the value is a string that is not empty */
};

/* Read the object in `bytes`, which are overwritten, and the strings of the `count` `members`: in
 * UTF-8, a lone surrogate as its three bytes. False for anything that is not such an object. */
bool json_read(char *bytes, size_t length, struct member *members, size_t count);

#endif
