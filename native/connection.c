#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { NANOSECONDS = 1000000000, MILLISECOND = 1000000 };

int64_t monotonic_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec;
}

bool await(int descriptor, short event, int64_t deadline)
{
    for (;;) {
        struct pollfd asked = {.fd = descriptor, .events = event};
        int64_t left = deadline - monotonic_now();
        int ready;

        if (left <= 0) {
            return false;
        }
        ready = poll(&asked, 1, (int)((left + MILLISECOND - 1) / MILLISECOND));
        if (ready > 0) {
            return true;
        }
        if (ready < 0 && errno != EINTR) {
            return false;
        }
    }
}

bool fail_unreachable(const struct address *address, const char *reason, struct failure *failure)
{
    struct text port = {0};
    bool is_ipv6 = memchr(address->host.bytes, ':', address->host.length) != NULL;

    text_add_number(&port, address->port);
    fail(failure, "broker-unreachable",
         is_ipv6 ? "no broker answers at `[" : "no broker answers at `", address->host,
         is_ipv6 ? "]:" : ":", "is the run, or `valetkey serve`, still there?");
    text_add_plain(&failure->message, (struct span){port.bytes, port.length});
    text_add(&failure->message, "` (");
    text_add_plain(&failure->message, span_of(reason));
    text_add(&failure->message, ")");
    return false;
}

/* Connect; return 0 or the errno of why not. */
static int connect_in_time(int descriptor, const struct sockaddr *to, socklen_t size,
                           int64_t deadline)
{
    int reason = 0;
    socklen_t length = sizeof reason;

    if (connect(descriptor, to, size) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS && errno != EINTR) {
        return errno;
    }
    if (!await(descriptor, POLLOUT, deadline)) {
        return ETIMEDOUT;
    }
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &reason, &length) != 0) {
        return errno;
    }
    return reason;
}

/* Return a socket that does not block; -1 where none is had. */
static int open_socket(int family)
{
    int descriptor = socket(family, SOCK_STREAM, 0);

    if (descriptor >= 0 && fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

static int connect_to(struct span host, uint16_t port, int64_t deadline, int *reason)
{
    unsigned char octets[4] = {0};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool is_ipv4 = parse_ipv4(host, octets);
    int descriptor = open_socket(is_ipv4 ? AF_INET : AF_INET6);

    if (descriptor < 0) {
        *reason = errno;
        return -1;
    }
    six.sin6_addr.s6_addr[15] = 1; /* what is not 127.a.b.c here is ::1 */
    memcpy(&four.sin_addr, octets, sizeof octets);
    *reason = is_ipv4 ? connect_in_time(descriptor, (const struct sockaddr *)&four,
                                        sizeof four, deadline)
                      : connect_in_time(descriptor, (const struct sockaddr *)&six, sizeof six,
                                        deadline);
    if (*reason != 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

int open_connection(const struct address *address, int64_t patience, struct failure *failure)
{
    int reason = 0;
    int connection;

    if (span_equals(address->host, "localhost")) {
        connection =
            connect_to(span_of("127.0.0.1"), address->port, monotonic_now() + patience, &reason);
        if (connection < 0) {
            connection =
                connect_to(span_of("::1"), address->port, monotonic_now() + patience, &reason);
        }
    } else {
        connection = connect_to(address->host, address->port, monotonic_now() + patience, &reason);
    }
    if (connection < 0) {
        fail_unreachable(address, reason == ETIMEDOUT ? "TimeoutError" : strerror(reason),
                         failure);
    }
    return connection;
}
