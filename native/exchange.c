#include "exchange.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"

/* A request holds the token, the path and the host, the last two from one URL. */
enum { REQUEST_BYTES = TOKEN_BYTES + URL_BYTES + 256 };

struct request {
    size_t length;
    char bytes[REQUEST_BYTES];
};

static void put(struct request *request, struct span span)
{
    /* The limits of token and URL leave room; a short request is refused by any broker. */
    if (span.length <= sizeof request->bytes - request->length) {
        memcpy(request->bytes + request->length, span.bytes, span.length);
        request->length += span.length;
    }
}

static void write_request(const struct address *address, const struct token *token,
                          struct request *request)
{
    bool is_ipv6 = memchr(address->host.bytes, ':', address->host.length) != NULL;
    struct text port = {0};

    text_add_number(&port, address->port);
    put(request, span_of("GET "));
    put(request, address->path.length > 0 ? address->path : span_of("/"));
    put(request, span_of(" HTTP/1.1\r\nHost: "));
    put(request, span_of(is_ipv6 ? "[" : ""));
    put(request, address->host);
    put(request, span_of(is_ipv6 ? "]:" : ":"));
    put(request, (struct span){port.bytes, port.length});
    put(request, span_of("\r\nAuthorization: "));
    put(request, (struct span){token->bytes, token->length});
    put(request, span_of("\r\nAccept: application/json\r\nConnection: close\r\n\r\n"));
}

static bool fail_slow(struct failure *failure)
{
    return fail_plainly(failure, "broker-slow", "the broker did not answer in time",
                        "ask again; if it stays, look at the broker's /readyz");
}

/* What `send` or `recv` could not do: wait and return true, or fail. */
static bool wait_or_fail(const struct address *address, int connection, short event,
                         int64_t deadline, struct failure *failure)
{
    if (errno == EINTR) {
        return true;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ETIMEDOUT) {
        return fail_unreachable(address, strerror(errno), failure);
    }
    if (errno == ETIMEDOUT || !await(connection, event, deadline)) {
        return fail_slow(failure);
    }
    return true;
}

static bool send_all(const struct address *address, int connection, const struct request *request,
                     int64_t deadline, struct failure *failure)
{
    for (size_t sent = 0; sent < request->length;) {
        ssize_t some = send(connection, request->bytes + sent, request->length - sent, 0);

        if (some >= 0) {
            sent += (size_t)some;
        } else if (!wait_or_fail(address, connection, POLLOUT, deadline, failure)) {
            return false;
        }
    }
    return true;
}

static bool receive_all(const struct address *address, int connection, struct received *received,
                        int64_t deadline, struct failure *failure)
{
    for (;;) {
        size_t room = sizeof received->bytes - received->length;
        ssize_t some = recv(connection, received->bytes + received->length, room, 0);

        if (some == 0) {
            return true;
        }
        if (some > 0) {
            received->length += (size_t)some;
            if (received->length > RECEIVED_BYTES) {
                return fail_plainly(failure, "broker-answer-too-large",
                                    "the answer is longer than 65536 bytes",
                                    "is this address a broker?");
            }
            if (is_whole_answer(received)) {
                return true;
            }
        } else if (!wait_or_fail(address, connection, POLLIN, deadline, failure)) {
            return false;
        }
    }
}

bool exchange(const struct address *address, struct token *token, struct patience patience,
              struct received *received, struct failure *failure)
{
    static struct request request;
    int64_t now = monotonic_now();
    int64_t deadline = now + patience.total;
    int64_t connect_patience =
        patience.connect < patience.total ? patience.connect : patience.total;
    int connection = open_connection(address, connect_patience, failure);
    bool done = false;

    write_request(address, token, &request);
    wipe(token, sizeof *token);
    if (connection >= 0) {
        done = send_all(address, connection, &request, deadline, failure) &&
               receive_all(address, connection, received, deadline, failure);
        close(connection);
    }
    wipe(&request, sizeof request);
    return done;
}
