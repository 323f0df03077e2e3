/* `credential-process`: one grant's credentials from the broker to an SDK's standard input.
 *
 * The same as src/valetkey/sandbox/process.py, in a tenth of its time, because SDKs start it for
 * every command: the same arguments, variables, refusals, exit codes and bytes. It does without
 * TLS: for https it gives way to the command that VALETKEY_COMMAND names, or refuses. It keeps
 * nothing, allocates nothing and wipes what was secret.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "document.h"
#include "options.h"
#include "output.h"

enum { MOST_WORDS = 64 }; /* of another command's line; there are six options */

static bool fail_without_tls(const char *command, const char *reason, struct failure *failure)
{
    if (command == NULL) {
        return fail_plainly(failure, "tls-not-here", "this program does not speak https",
                            "`valetkey credential-process` does: use it instead, or name the "
                            "`valetkey` command in VALETKEY_COMMAND");
    }
    fail(failure, "tls-not-here", "`", span_of(command), "` cannot speak https for this program (",
         "name the whole path of the `valetkey` command in VALETKEY_COMMAND");
    text_add_plain(&failure->message, span_of(reason));
    text_add(&failure->message, ")");
    return false;
}

/* Become the `valetkey` command that was named for https; return only where that fails. */
static bool give_way(int count, char *arguments[], struct failure *failure)
{
    char *command = getenv("VALETKEY_COMMAND");
    char *words[MOST_WORDS] = {NULL};

    if (command == NULL || *command == '\0') {
        return fail_without_tls(NULL, NULL, failure);
    }
    if (*command != '/') {
        return fail_without_tls(command, "not a whole path", failure);
    }
    if (count + 2 > MOST_WORDS) {
        return fail_without_tls(command, "too many arguments", failure);
    }
    words[0] = command;
    words[1] = (char[]){"credential-process"};
    for (int i = 1; i <= count; i++) {
        words[i + 1] = arguments[i]; /* the last one is NULL */
    }
    execv(command, words);
    return fail_without_tls(command, strerror(errno), failure);
}

static bool fail_output(struct failure *failure)
{
    return fail_plainly(failure, "output-refused", "standard output takes nothing", NULL);
}

static bool print_usage(void)
{
    struct output output = {.descriptor = 1};

    write_words(&output, USAGE);
    return finish(&output);
}

/* Do the errand: nothing goes to standard output unless the credentials are complete. */
static bool run(int count, char *arguments[], struct received *received,
                struct failure *failure)
{
    static struct token token;
    static struct url url;
    struct options options = {0};
    struct address address;
    struct patience patience;
    struct answer answer;
    struct credentials credentials;
    const char *token_file;
    bool done;

    if (!parse_arguments(count, arguments, &options, failure) ||
        !find_url(&options, &url, failure) ||
        !find_token_file(&options, &token_file, failure) ||
        !parse_address(url.bytes, &address, failure)) {
        return false;
    }
    if (address.is_tls) {
        return give_way(count, arguments, failure);
    }
    done = read_run_token(token_file, &token, failure) &&
           parse_patience(&options, &patience, failure) &&
           exchange(&address, &token, patience, received, failure) &&
           parse_answer(received, &answer, failure) &&
           (answer.status == 200 ? parse_credentials(&answer, &credentials, failure)
                                 : fail_with_problem(&answer, failure)) &&
           (print_credentials(&credentials) || fail_output(failure));
    wipe(&token, sizeof token);
    return done;
}

static void print_failure(const struct failure *failure)
{
    struct output output = {.descriptor = 2};

    write_words(&output, "valetkey: ");
    write_shown(&output, &failure->message);
    write_words(&output, " [");
    write_span(&output, failure->code);
    write_words(&output, "]");
    if (failure->hint.length > 0) {
        write_words(&output, "\n  ");
        write_shown(&output, &failure->hint);
    }
    write_words(&output, "\n");
    finish(&output);
}

int main(int count, char *arguments[])
{
    static struct received received;
    static struct failure failure;
    bool done;

    signal(SIGPIPE, SIG_IGN); /* a broker that hangs up is an error to be told */
    done = asks_for_help(count, arguments) ? print_usage() || fail_output(&failure)
                                           : run(count, arguments, &received, &failure);
    if (!done) {
        print_failure(&failure); /* its code may stand in what was received */
    }
    wipe(received.bytes, received.length);
    return done ? 0 : 1;
}
