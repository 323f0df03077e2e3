/* Where the broker listens: a URL, parsed strictly, with plain http for loopback alone.
 *
 * The twin of src/valetkey/sandbox/address.py.
 */
#ifndef VALETKEY_ADDRESS_H
#define VALETKEY_ADDRESS_H

#include <stdint.h>

#include "failure.h"

enum { URL_BYTES = 8000 }; /* what RFC 9110 section 4.1 wants to be taken at least */

/* The parts of a URL; the spans point into it. `host` has no brackets; `path` begins with `/` or
 * is empty, and has no final slash. */
struct address {
    struct span host;
    struct span path;
    uint16_t port;
    bool is_tls;
};

/* Split `url` into an address fit to send a run token to. Fails with `broker-url-invalid`, or
 * `broker-url-insecure` for plain http to another machine. */
bool parse_address(const char *url, struct address *address, struct failure *failure);

/* Read four numbers from 0 to 255 without leading zeros. RFC 3986 section 3.2.2, IPv4address. */
bool parse_ipv4(struct span host, unsigned char octets[4]);

#endif
