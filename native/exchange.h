/* One HTTP request over a loopback socket, with a limit on size, on connecting and on all of it.
 *
 * The twin of src/valetkey/sandbox/exchange.py, without TLS. It follows no redirect: a run token
 * goes to the broker or nowhere.
 */
#ifndef VALETKEY_EXCHANGE_H
#define VALETKEY_EXCHANGE_H

#include "address.h"
#include "answer.h"
#include "token_file.h"

/* How long to wait, in nanoseconds. */
struct patience {
    int64_t connect;
    int64_t total;
};

/* Ask for `address` with `token` and read until all is there, or the other side closes. Fails with
 * `broker-unreachable`, `broker-slow` or `broker-answer-too-large`. The token is wiped. */
bool exchange(const struct address *address, struct token *token, struct patience patience,
              struct received *received, struct failure *failure);

#endif
