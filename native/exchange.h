/* One HTTP request over a loopback socket, with a limit on size, on connecting and on all of it.
 *
 * The twin of src/valetkey/sandbox/exchange.py, without TLS. It follows no redirect: a run token
 * goes to the broker or nowhere.
 */
#ifndef VALETKEY_EXCHANGE_H
#define VALETKEY_EXCHANGE_H

#include "address.h"
#include "token_file.h"

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

/* How long to wait, in nanoseconds. */
struct patience {
    int64_t connect;
    int64_t total;
};

/* Ask for `address` with `token` and read until the other side closes. Fails with
 * `broker-unreachable`, `broker-slow` or `broker-answer-too-large`. The token is wiped. */
bool exchange(const struct address *address, struct token *token, struct patience patience,
              struct received *received, struct failure *failure);

#endif
