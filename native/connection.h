/* A connected socket on this machine, and the waiting for it. */
#ifndef VALETKEY_CONNECTION_H
#define VALETKEY_CONNECTION_H

#include "address.h"

/* Nanoseconds on a clock that nobody sets. */
int64_t monotonic_now(void);

/* Wait until `event` of poll(2) is there; false at `deadline`. */
bool await(int descriptor, short event, int64_t deadline);

/* Return a connected socket that does not block, or -1 and `broker-unreachable`. No name is looked
 * up: `localhost` is 127.0.0.1, then ::1, each given `patience` nanoseconds. */
int open_connection(const struct address *address, int64_t patience, struct failure *failure);

/* Fail with `broker-unreachable` for `reason`. */
bool fail_unreachable(const struct address *address, const char *reason, struct failure *failure);

#endif
