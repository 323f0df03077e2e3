#include "token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char NAME_IT[] = "name the file that holds the token";
static const char RUN_IS_OVER[] = "the run that wrote it may be over; else name the right file";

static bool fail_unreadable(const char *path, int reason, struct failure *failure)
{
    fail(failure, "token-file-unreadable", "cannot read `", span_of(path), "`: ",
         reason == ENOENT ? RUN_IS_OVER : NAME_IT);
    text_add_plain(&failure->message, span_of(strerror(reason)));
    return false;
}

/* Fill `token` with the file's first bytes, one more than a token may have. */
static bool read_content(int descriptor, const char *path, struct stat *status,
                         struct token *token, struct failure *failure)
{
    ssize_t got;

    if (fstat(descriptor, status) != 0) {
        return fail_unreadable(path, errno, failure);
    }
    if (!S_ISREG(status->st_mode)) {
        return fail(failure, "token-file-irregular", "`", span_of(path),
                    "` is not a regular file", NAME_IT);
    }
    do {
        got = read(descriptor, token->bytes, sizeof token->bytes);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return fail_unreadable(path, errno, failure);
    }
    token->length = (size_t)got;
    return true;
}

static bool check(const char *path, const struct stat *status, const struct token *token,
                  struct failure *failure)
{
    if (status->st_uid != geteuid() && status->st_uid != 0) {
        return fail(failure, "token-file-of-another", "`", span_of(path),
                    "` belongs to another account",
                    "chown it to the account that reads it, or to root");
    }
    if ((status->st_mode & 077) != 0) {
        fail(failure, "token-file-open-to-others", "`", span_of(path),
             "` can be read by others than its owner", "chmod 600 ");
        text_add_plain(&failure->hint, span_of(path));
        return false;
    }
    if (memchr(token->bytes, '\n', token->length) != NULL ||
        memchr(token->bytes, '\r', token->length) != NULL) {
        return fail(failure, "token-file-newline", "`", span_of(path),
                    "` holds a newline, which SDKs would send along",
                    "write it with printf %s instead of echo");
    }
    if (token->length > TOKEN_BYTES ||
        !is_header_value((struct span){token->bytes, token->length})) {
        return fail(failure, "token-file-malformed", "`", span_of(path),
                    "` is empty or holds something else than one token",
                    "the file holds the token and nothing else");
    }
    return true;
}

bool read_run_token(const char *path, struct token *token, struct failure *failure)
{
    struct stat status;
    bool done;
    /* O_NONBLOCK: opening a named pipe must not wait for its writer. */
    int descriptor = open(path, O_RDONLY | O_NONBLOCK);

    if (descriptor < 0) {
        return fail_unreadable(path, errno, failure);
    }
    done = read_content(descriptor, path, &status, token, failure) &&
           check(path, &status, token, failure);
    close(descriptor);
    return done;
}
