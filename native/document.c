#include "document.h"

#include "json.h"
#include "output.h"

bool parse_credentials(struct answer *answer, struct credentials *credentials,
                       struct failure *failure)
{
    struct member members[] = {
        {.name = "AccessKeyId"},
        {.name = "SecretAccessKey"},
        {.name = "Token"},
        {.name = "Expiration"},
    };

    if (!json_read(answer->body, answer->length, members, 4)) {
        return fail_unreadable_answer(failure);
    }
    for (size_t i = 0; i < 4; i++) {
        if (members[i].string.bytes == NULL) {
            return fail_plainly(failure, "broker-answer-unreadable",
                                "the answer holds no complete credentials",
                                "is this address a broker's `/v1/credentials/…`?");
        }
    }
    *credentials = (struct credentials){members[0].string, members[1].string, members[2].string,
                                        members[3].string};
    return true;
}

static const char NOT_ITS_OWN[] =
    "is this address a broker, or has something before it answered?";

bool fail_with_problem(struct answer *answer, struct failure *failure)
{
    struct member members[] = {
        {.name = "code"}, {.name = "detail"}, {.name = "title"}, {.name = "hint"}};
    struct span code = {NULL, 0};
    struct span sentence = {NULL, 0};
    struct span hint = {NULL, 0};

    *failure = (struct failure){.code = span_of("broker-refused")};
    if (json_read(answer->body, answer->length, members, 4)) {
        code = members[0].string;
        sentence = members[1].string.bytes == NULL ? members[2].string : members[1].string;
        hint = members[3].string;
    }
    if (is_code(code)) {
        failure->code = code;
    }
    if (sentence.bytes == NULL) {
        text_add(&failure->message, "the broker answered ");
        text_add_number(&failure->message, answer->status);
    } else {
        text_add_plain_json(&failure->message, sentence);
    }
    if (hint.bytes == NULL && !is_code(code)) {
        hint = span_of(NOT_ITS_OWN);
    }
    text_add_plain_json(&failure->hint, hint);
    return false;
}

bool print_credentials(const struct credentials *credentials)
{
    struct output output = {.descriptor = 1};

    /* SDKs want an integer: "1" is refused. */
    write_words(&output, "{\"Version\": 1, \"AccessKeyId\": ");
    write_json_string(&output, credentials->access_key_id);
    write_words(&output, ", \"SecretAccessKey\": ");
    write_json_string(&output, credentials->secret_access_key);
    write_words(&output, ", \"SessionToken\": ");
    write_json_string(&output, credentials->token);
    write_words(&output, ", \"Expiration\": ");
    write_json_string(&output, credentials->expiration);
    write_words(&output, "}\n");
    return finish(&output);
}
