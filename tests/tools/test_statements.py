"""Policy files cut into statements, and what is not plain Cedar refused by its name."""

import pytest

from valetkey.tools import PolicyFile, ToolsError
from valetkey.tools.statements import split

PERMIT = "permit(principal, action, resource);"


def lines(text: str) -> list[int]:
    return [each.line for each in split(PolicyFile("a.cedar", text))]


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("", []),
        ("// nothing\n", []),
        (PERMIT, [1]),
        (f"{PERMIT} {PERMIT}", [1, 1]),
        (f"\n\n{PERMIT}\n// a; b\n{PERMIT}", [3, 5]),
        (f'@id("a;b")\n{PERMIT}{PERMIT}', [1, 2]),
        (f'{PERMIT[:-1]}\nwhen {{ "\\";" == ";" }};\r\n{PERMIT}', [1, 3]),
        (f"// a comment\r{PERMIT}", [2]),
        (f'{PERMIT[:-1]} when {{ "a\nb" == "//" }};\n{PERMIT}', [1, 3]),
    ],
)
def test_a_statement_begins_at_its_first_word_and_ends_at_its_semicolon(
    text: str, starts: list[int]
) -> None:
    assert lines(text) == starts


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (f"{PERMIT}\n{PERMIT[:-1]}", "policy-syntax", 2),
        (f'{PERMIT}\n\n{PERMIT[:-1]} when {{ "no end }};', "policy-syntax", 3),
        (f"{PERMIT[:-1]}\nwhen temporal {{ x }};", "policy-temporal", 2),
        (f"{PERMIT[:-1]} unless // why\n guardrails {{ x }};", "policy-guardrails", 2),
        (
            '@id("x")\n@note suppressOutput(principal, action, resource);',
            "policy-suppress-output",
            1,
        ),
        ("permit(principal == ?principal,\n action, resource);", "policy-template", 1),
        ("permit(principal,\n action, resource in ?resource);", "policy-template", 2),
    ],
)
def test_what_is_not_plain_cedar_is_refused_by_name_with_its_line(
    text: str, code: str, line: int
) -> None:
    with pytest.raises(ToolsError) as caught:
        split(PolicyFile("a.cedar", text))
    assert caught.value.code == code
    assert caught.value.message.startswith(f"a.cedar:{line}: ")


@pytest.mark.parametrize(
    "text",
    [
        f'@temporal("when temporal") {PERMIT}',
        f'{PERMIT[:-1]} when {{ "when temporal ? suppressOutput(" == "" }};',
        f"// when guardrails ?principal\n{PERMIT}",
    ],
)
def test_words_in_strings_and_comments_and_names_are_no_clauses(text: str) -> None:
    assert len(split(PolicyFile("a.cedar", text))) == 1
