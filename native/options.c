#include "options.h"

#include <stdlib.h>
#include <string.h>

const char USAGE[] =
    "usage: valetkey credential-process GRANT [--broker URL] [--run-token-file FILE]\n"
    "       valetkey credential-process --url URL --token-file FILE\n"
    "\n"
    "Print a grant's credentials the way AWS's `credential_process` setting wants them.\n"
    "\n"
    "  GRANT                  the grant to draw; the broker knows what it stands for\n"
    "  --broker URL           where the broker listens (VALETKEY_BROKER)\n"
    "  --run-token-file FILE  the file that holds the run token alone (VALETKEY_RUN_TOKEN_FILE)\n"
    "  --url URL              the whole address of the credentials, in place of GRANT and "
    "--broker\n"
    "  --token-file FILE      the same as --run-token-file\n"
    "  --connect-timeout S    seconds to wait for a connection; 2 unless told\n"
    "  --timeout S            seconds to wait in all; 10 unless told\n"
    "  --version              print the version\n";

static const char HELP[] = "valetkey credential-process --help";
static const int64_t NANOSECONDS = 1000000000;

bool asks_for_help(int count, char *const arguments[])
{
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "-h") == 0 || strcmp(arguments[i], "--help") == 0) {
            return true;
        }
    }
    return false;
}

bool asks_for_version(int count, char *const arguments[])
{
    return count == 2 && strcmp(arguments[1], "--version") == 0;
}

/* Return where the value of the option `flag` is kept, NULL for a flag that is none. */
static const char **place_of(struct options *options, struct span flag)
{
    const struct {
        const char *flag;
        const char **place;
    } known[] = {
        {"--broker", &options->broker},
        {"--run-token-file", &options->token_file},
        {"--token-file", &options->token_file},
        {"--url", &options->url},
        {"--connect-timeout", &options->connect_timeout},
        {"--timeout", &options->timeout},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (span_equals(flag, known[i].flag)) {
            return known[i].place;
        }
    }
    return NULL;
}

bool parse_arguments(int count, char *const arguments[], struct options *options,
                     struct failure *failure)
{
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        const char *equals = strchr(argument, '=');
        struct span flag = span_of(argument);
        const char **place;

        if (equals != NULL) {
            flag.length = (size_t)(equals - argument);
        }
        place = place_of(options, flag);
        if (place != NULL) {
            *place = equals != NULL ? equals + 1 : i + 1 < count ? arguments[++i] : "";
        } else if (argument[0] == '-' || options->grant != NULL) {
            return fail(failure, "usage", "`", span_of(argument), "` is not understood", HELP);
        } else {
            options->grant = argument;
        }
    }
    return true;
}

/* What was said on the command line, else in the environment; NULL for neither and for nothing. */
static const char *said(const char *option, const char *variable)
{
    const char *value = option != NULL && *option != '\0' ? option : getenv(variable);

    return value != NULL && *value != '\0' ? value : NULL;
}

bool find_token_file(const struct options *options, const char **path, struct failure *failure)
{
    *path = said(options->token_file, "VALETKEY_RUN_TOKEN_FILE");
    if (*path == NULL) {
        return fail_plainly(
            failure, "token-file-missing",
            "no run token: there is no `--run-token-file` and no VALETKEY_RUN_TOKEN_FILE",
            "name the file that `valetkey run` or the platform wrote the run token to");
    }
    return true;
}

/* Add to a URL; what is too long for one is cut, and refused as one that is too long. */
static void extend(struct url *url, struct span span)
{
    size_t length = strlen(url->bytes);

    for (size_t i = 0; i < span.length && length < sizeof url->bytes - 1; i++) {
        url->bytes[length++] = span.bytes[i]; /* by its index, which the checked build looks at */
    }
}

bool find_url(const struct options *options, struct url *url, struct failure *failure)
{
    struct span grant = span_of(options->grant);
    const char *broker = said(options->broker, "VALETKEY_BROKER");
    struct span root;

    *url = (struct url){{0}};
    if (options->url != NULL && *options->url != '\0') {
        extend(url, span_of(options->url));
        return true;
    }
    if (grant.length == 0) {
        return fail_plainly(failure, "grant-name-invalid", "no grant is named",
                            "valetkey credential-process GRANT");
    }
    if (!is_grant_name(grant)) {
        return fail(failure, "grant-name-invalid", "`", grant, "` is not the name of a grant",
                    "valetkey credential-process GRANT");
    }
    if (broker == NULL) {
        return fail_plainly(failure, "broker-url-missing",
                            "no broker: there is no `--broker` and no VALETKEY_BROKER",
                            "name the address where `valetkey serve` listens");
    }
    root = span_of(broker);
    while (root.length > 0 && root.bytes[root.length - 1] == '/') {
        root.length--;
    }
    extend(url, root);
    extend(url, span_of("/v1/credentials/"));
    extend(url, grant);
    return true;
}

/* Read digits with perhaps a point, at most 16 characters: above 0 and up to 60 seconds. */
static bool parse_seconds(const char *digits, int64_t *nanoseconds)
{
    uint64_t mantissa = 0;
    uint64_t scale = 1;
    bool has_point = false;
    bool has_digit = false;

    for (size_t i = 0; digits[i] != '\0'; i++) {
        if (i == 16 || (digits[i] == '.' && has_point)) {
            return false;
        }
        if (digits[i] == '.') {
            has_point = true;
            continue;
        }
        if (digits[i] < '0' || digits[i] > '9') {
            return false;
        }
        has_digit = true;
        mantissa = mantissa * 10 + (uint64_t)(digits[i] - '0');
        scale *= has_point ? 10 : 1;
    }
    if (!has_digit || mantissa == 0 || mantissa > 60 * scale) {
        return false;
    }
    *nanoseconds = (int64_t)((double)mantissa / (double)scale * (double)NANOSECONDS);
    return true;
}

static bool parse_limit(const char *option, const char *name, int64_t *nanoseconds,
                        struct failure *failure)
{
    if (option == NULL || parse_seconds(option, nanoseconds)) {
        return true;
    }
    return fail(failure, "usage", name, span_of(option), "` is not a number of seconds up to 60",
                HELP);
}

bool parse_patience(const struct options *options, struct patience *patience,
                    struct failure *failure)
{
    *patience = (struct patience){2 * NANOSECONDS, 10 * NANOSECONDS};
    return parse_limit(options->connect_timeout, "`--connect-timeout ", &patience->connect,
                       failure) &&
           parse_limit(options->timeout, "`--timeout ", &patience->total, failure);
}
