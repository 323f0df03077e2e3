#include "address.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool parse_ipv4(struct span host, unsigned char octets[4])
{
    size_t at = 0;

    for (size_t i = 0; i < 4; i++) {
        size_t first = at;
        unsigned number = 0;

        for (; at < host.length && is_digit(host.bytes[at]) && at - first < 3; at++) {
            number = number * 10 + (unsigned)(host.bytes[at] - '0');
        }
        if (at == first || number > 255 || (host.bytes[first] == '0' && at - first > 1)) {
            return false;
        }
        octets[i] = (unsigned char)number;
        if (i < 3 && (at == host.length || host.bytes[at++] != '.')) {
            return false;
        }
    }
    return at == host.length;
}

static bool is_loopback(struct span host)
{
    unsigned char octets[4];

    return span_equals(host, "localhost") || span_equals(host, "::1") ||
           (parse_ipv4(host, octets) && octets[0] == 127);
}

/* Take the port out of `digits`; without any, the scheme's own. Port 0 is none. */
static bool parse_port(struct span digits, struct address *address)
{
    unsigned port = 0;

    if (digits.length == 0) {
        address->port = address->is_tls ? 443 : 80;
        return true;
    }
    for (size_t i = 0; i < digits.length; i++) {
        if (!is_digit(digits.bytes[i]) || i == 5) {
            return false;
        }
        port = port * 10 + (unsigned)(digits.bytes[i] - '0');
    }
    address->port = (uint16_t)port;
    return port > 0 && port < 65536;
}

/* Split `host[:port]` or `[host][:port]`. */
static bool split_authority(struct span authority, struct address *address)
{
    const char *end = authority.bytes + authority.length;
    const char *host = authority.bytes;
    const char *after;

    if (authority.length > 0 && *host == '[') {
        host++;
        after = memchr(host, ']', (size_t)(end - host));
        if (after == NULL || memchr(host, ':', (size_t)(after - host)) == NULL) {
            return false;
        }
        address->host = (struct span){host, (size_t)(after - host)};
        after++;
        if (after < end && *after != ':') {
            return false;
        }
    } else {
        after = memchr(host, ':', authority.length);
        after = after == NULL ? end : after;
        address->host = (struct span){host, (size_t)(after - host)};
    }
    if (after < end) {
        after++;
    }
    return address->host.length > 0 &&
           parse_port((struct span){after, (size_t)(end - after)}, address);
}

static bool split_url(struct span url, struct address *address)
{
    const char *end = url.bytes + url.length;
    const char *authority;
    const char *slash;

    if (url.length > URL_BYTES || !is_header_value(url)) {
        return false;
    }
    for (size_t i = 0; i < url.length; i++) {
        if (strchr("@?#\\\"'<>", url.bytes[i]) != NULL) {
            return false;
        }
    }
    address->is_tls = strncmp(url.bytes, "https://", 8) == 0;
    if (!address->is_tls && strncmp(url.bytes, "http://", 7) != 0) {
        return false;
    }
    authority = url.bytes + (address->is_tls ? 8 : 7);
    slash = memchr(authority, '/', (size_t)(end - authority));
    slash = slash == NULL ? end : slash;
    while (end > slash && end[-1] == '/') {
        end--;
    }
    address->path = (struct span){slash, (size_t)(end - slash)};
    return split_authority((struct span){authority, (size_t)(slash - authority)}, address);
}

bool parse_address(const char *url, struct address *address, struct failure *failure)
{
    if (!split_url(span_of(url), address)) {
        return fail(failure, "broker-url-invalid", "`", span_of(url),
                    "` is not a URL that can be used here",
                    "write http(s)://host[:port], without a name, a query or a fragment");
    }
    if (!address->is_tls && !is_loopback(address->host)) {
        return fail(failure, "broker-url-insecure", "plain http to `", address->host,
                    "` would show the run token to the network",
                    "use https, or a broker on this machine's loopback address");
    }
    return true;
}
