/* The run token in its file: read anew each time, refused rather than mended.
 *
 * The twin of src/valetkey/sandbox/token_file.py.
 */
#ifndef VALETKEY_TOKEN_FILE_H
#define VALETKEY_TOKEN_FILE_H

#include "failure.h"

enum { TOKEN_BYTES = 16384 }; /* an ID token with many groups is 8 kB */

/* The token, byte for byte; `wipe` it when it was sent. */
struct token {
    size_t length;
    char bytes[TOKEN_BYTES + 1];
};

/* Read the token in the file `path`. The file must be regular, owned by us or by root, closed to
 * group and others, and hold the token alone. Fails with `token-file-unreadable`,
 * `token-file-irregular`, `token-file-of-another`, `token-file-open-to-others`,
 * `token-file-newline` or `token-file-malformed`. */
bool read_run_token(const char *path, struct token *token, struct failure *failure);

#endif
