/* The command line and the environment, as src/valetkey/sandbox/process.py reads them. */
#ifndef VALETKEY_OPTIONS_H
#define VALETKEY_OPTIONS_H

#include "exchange.h"

/* What was said; NULL for what was not. */
struct options {
    const char *grant;
    const char *broker;
    const char *token_file;
    const char *url;
    const char *connect_timeout;
    const char *timeout;
};

/* The whole address of the credentials. */
struct url {
    char bytes[URL_BYTES + 2];
};

extern const char USAGE[];

/* Whether help is asked for, anywhere among the arguments. */
bool asks_for_help(int count, char *const arguments[]);

/* Whether the version is all that is asked for. */
bool asks_for_version(int count, char *const arguments[]);

/* Read the arguments behind the program's name. Fails with `usage`. */
bool parse_arguments(int count, char *const arguments[], struct options *options,
                     struct failure *failure);

/* Say where the credentials are: `--url`, or the grant at the broker. Fails with
 * `grant-name-invalid` or `broker-url-missing`. */
bool find_url(const struct options *options, struct url *url, struct failure *failure);

/* Say which file holds the run token. Fails with `token-file-missing`. */
bool find_token_file(const struct options *options, const char **path, struct failure *failure);

/* Read the two time limits: 2 and 10 seconds unless told. Fails with `usage`. */
bool parse_patience(const struct options *options, struct patience *patience,
                    struct failure *failure);

#endif
