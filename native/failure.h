/* What was refused or could not be done, for the person who must act on it.
 *
 * The twin of src/valetkey/errors.py: a stable code, one clear line, what to do next.
 */
#ifndef VALETKEY_FAILURE_H
#define VALETKEY_FAILURE_H

#include <stdbool.h>

#include "text.h"

struct failure {
    struct span code; /* kebab-case */
    struct text message;
    struct text hint;
};

/* Fill `failure` anew, its message of up to three parts: ours, somebody else's, ours. `hint` may
 * be NULL. Return false, so that a function can fail in one statement. */
bool fail(struct failure *failure, const char *code, const char *before, struct span outside,
          const char *after, const char *hint);

/* The same without anybody else's words. */
bool fail_plainly(struct failure *failure, const char *code, const char *message,
                  const char *hint);

#endif
