/* `credential-process`: one grant's credentials from the broker to an SDK's standard input.
 *
 * The same as src/valetkey/sandbox/process.py, in a tenth of its time, because SDKs start it for
 * every command: the same arguments, variables, refusals, exit codes and bytes. It does without
 * TLS: https is refused. It keeps nothing, allocates nothing, starts nothing, wipes what was secret
 * and leaves no core.
 */
#include <signal.h>
#include <sys/resource.h>

#include "built.h" /* native/build.py writes it: BUILT_FROM, the version and a digest of all this */
#include "document.h"
#include "options.h"
#include "output.h"

static bool fail_output(struct failure *failure)
{
    return fail_plainly(failure, "output-refused", "standard output takes nothing", NULL);
}

static bool print_words(const char *words)
{
    struct output output = {.descriptor = 1};

    write_words(&output, words);
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
        return fail_plainly(failure, "tls-not-here", "this program does not speak https",
                            "`valetkey credential-process` speaks https");
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

/* Do what is asked, of which some is only to say something. */
static bool do_or_tell(int count, char *arguments[], struct received *received,
                       struct failure *failure)
{
    if (asks_for_help(count, arguments)) {
        return print_words(USAGE) || fail_output(failure);
    }
    if (asks_for_version(count, arguments)) {
        return print_words(BUILT_FROM "\n") || fail_output(failure);
    }
    return run(count, arguments, received, failure);
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

    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* a core in the agent's folder holds secrets */
    signal(SIGPIPE, SIG_IGN); /* a broker that hangs up is an error to be told */
    done = do_or_tell(count, arguments, &received, &failure);
    if (!done) {
        print_failure(&failure); /* its code may stand in what was received */
    }
    wipe(received.bytes, received.length);
    return done ? 0 : 1;
}
