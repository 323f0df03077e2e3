#include "failure.h"

bool fail(struct failure *failure, const char *code, const char *before, struct span outside,
          const char *after, const char *hint)
{
    *failure = (struct failure){.code = span_of(code)};
    text_add(&failure->message, before);
    text_add_plain(&failure->message, outside);
    text_add(&failure->message, after);
    if (hint != NULL) {
        text_add_plain(&failure->hint, span_of(hint));
    }
    return false;
}

bool fail_plainly(struct failure *failure, const char *code, const char *message, const char *hint)
{
    return fail(failure, code, message, (struct span){NULL, 0}, "", hint);
}
