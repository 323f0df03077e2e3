/* An HTTP answer, taken apart into its status and its whole body.
 *
 * The other half of src/valetkey/sandbox/exchange.py. RFC 9112 sections 6 (body length) and 7.1
 * (chunked).
 */
#ifndef VALETKEY_ANSWER_H
#define VALETKEY_ANSWER_H

#include "failure.h"

enum {
    ANSWER_BYTES = 65536, /* credentials are 2 kB, a run with fifty grants 15 kB */
    HEAD_BYTES = 16384,
    RECEIVED_BYTES = ANSWER_BYTES + HEAD_BYTES,
};

/* All that the other side sent. */
struct received {
    size_t length;
    char bytes[RECEIVED_BYTES + 1];
};

struct answer {
    unsigned status;
    char *body; /* within what was received, its chunks joined */
    size_t length;
};

/* Split `received`, in place. Fails with `broker-answer-unreadable` for what is no HTTP, was cut
 * off or is longer than it says. */
bool parse_answer(struct received *received, struct answer *answer, struct failure *failure);

/* Whether all is there by the answer's own words: what is in between may close late. */
bool is_whole_answer(struct received *received);

/* Fail with `broker-answer-unreadable`. */
bool fail_unreadable_answer(struct failure *failure);

#endif
