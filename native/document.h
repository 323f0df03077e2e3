/* What the broker says, as credentials or as one clear failure.
 *
 * The twin of src/valetkey/sandbox/document.py.
 */
#ifndef VALETKEY_DOCUMENT_H
#define VALETKEY_DOCUMENT_H

#include "answer.h"

/* The four members of the contract, each a string that is not empty. */
struct credentials {
    struct span access_key_id;
    struct span secret_access_key;
    struct span token;
    struct span expiration;
};

/* Read the credentials in `answer`, whose status is 200. Fails with `broker-answer-unreadable`. */
bool parse_credentials(struct answer *answer, struct credentials *credentials,
                       struct failure *failure);

/* Fail with what any other answer says of itself (RFC 9457), cleaned, or with `broker-refused` and
 * whose answer that may be. A body that is no problem is not shown: it may hold what nobody meant
 * to tell. */
bool fail_with_problem(struct answer *answer, struct failure *failure);

/* Print the line that SDKs read from standard output; false where it can't be written. */
bool print_credentials(const struct credentials *credentials);

#endif
