"""A typo is an error with file and line, never a silent no."""

from dataclasses import replace

import pytest

from tests.tools.asking import bundle, policy, tool
from valetkey.tools import PolicyFile, PrincipalForm, ToolsError
from valetkey.tools.bundle import ToolBundle, make_bundle

TOOLS = (
    tool(
        "pay___refund",
        amount="i",
        note="s?",
        kind={"type": "string", "enum": ["card", "cash"]},
        mixed={"enum": ["a", 1]},
        tags={"type": "array", "items": {"type": "string", "enum": ["new", "old"]}},
        words={"type": "array", "items": {"type": "string"}},
        to={"type": "object", "properties": {"iban": {"type": "string"}}},
    ),
    tool("pay___list", page="i?"),
    tool("find___notes", text="s"),
    tool("pay___" + "x" * 64),
    tool("gone___" + "y" * 64),
)
NAME = "pay___refund"


def made(text: str) -> ToolBundle:
    return bundle(text, *TOOLS)


def refusal(text: str) -> tuple[str, str]:
    with pytest.raises(ToolsError) as caught:
        made(text)
    return caught.value.code, caught.value.message.split(": ")[0]


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("context.input.amuont > 1", "policy-type"),
        ('context.input.note == "x"', "policy-type"),
        ('principal.getTag("role") == "x"', "policy-type"),
        ('context.input.amount < "5"', "policy-type"),
        ("principal.name == principal.id", "policy-type"),
        ('decimal("x").lessThan(decimal("1.0"))', "policy-type"),
        ('principal.hasTag("rol")', "policy-tag"),
        ('principal.hasTag("role") && principal.getTag("rôle") == "x"', "policy-tag"),
        ("context.input has nots", "policy-attribute"),
        ("context.input has to.ibna", "policy-attribute"),
        ("context has inputs", "policy-attribute"),
        ("context.system has today", "policy-attribute"),
        ("principal has role", "policy-attribute"),
        ("resource has owner", "policy-attribute"),
        ('context.input has kind && context.input.kind == "crad"', "policy-choice"),
        ('context.input has kind && "crad" != context.input.kind', "policy-choice"),
        ('context.input has kind && ["card", "x"].contains(context.input.kind)', "policy-choice"),
        ('context.input has tags && context.input.tags.contains("nwe")', "policy-choice"),
        ('context.input has tags && context.input.tags.containsAny(["nwe"])', "policy-choice"),
        ('context.input has tags && ["nwe"].containsAll(context.input.tags)', "policy-choice"),
        ('context.input has tags && context.input.tags == ["new", "nwe"]', "policy-choice"),
        ('action == AgentCore::Action::"pay"', "policy-never"),
        ('AgentCore::Action::"pay" != action', "policy-never"),
        ('[AgentCore::Action::"Mcp"].contains(action)', "policy-never"),
        ("false", "policy-never"),
        ("context.input.amount > 5 && 1 == 2", "policy-never"),
        ('resource == AgentCore::Gateway::"arn:other"', "policy-gateway"),
        ('action == AgentCore::Action::"pay___lst"', "policy-tool-unknown"),
    ],
)
def test_a_condition_that_is_mistaken_is_refused_at_its_line(when: str, code: str) -> None:
    start = policy("permit", "pay___list")
    without_a_name = (code == "policy-never" and "action" not in when) or '< "5"' in when
    line = 2 if without_a_name else 3
    assert refusal(start + policy("forbid", NAME, f"\n{when}\n")) == (code, f"p.cedar:{line}")


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ('principal, action == AgentCore::Action::"pay___refnd", resource', "policy-tool-unknown"),
        ('principal, action in AgentCore::Action::"payments", resource', "policy-tool-unknown"),
        ('principal, action in AgentCore::Action::"gone", resource', "policy-tool-unknown"),
        (
            f'principal, action == AgentCore::Action::"pay___{"x" * 64}", resource',
            "policy-tool-hidden",
        ),
        ('principal, action, resource == AgentCore::Gateway::"arn:other"', "policy-gateway"),
        ("principal is AgentCore::IamEntity, action, resource", "policy-type"),
        ("principal is OAuthUser, action, resource", "policy-type"),
        ('principal == AgentCore::Gateway::"x", action, resource', "policy-gateway"),
        ('principal, action, resource == AgentCore::OAuthUser::"x"', "policy-type"),
    ],
)
def test_a_head_that_takes_in_no_call_is_refused(head: str, code: str) -> None:
    assert refusal(f"\n\npermit({head});") == (code, "p.cedar:3")


@pytest.mark.parametrize(
    "when",
    [
        'context.input has note && context.input.note like "a*"',
        "context.input has to.iban",
        'context.input has kind && context.input.kind == "cash"',
        'context.input has tags && context.input.tags.contains("new")',
        'context.input has tags && ["new", "old"].containsAll(context.input.tags)',
        'context.input has words && context.input.words.contains("nwe")',
        'action in AgentCore::Action::"pay" && action == AgentCore::Action::"pay___refund"',
        'context.input has mixed && context.input.mixed == "\\"a\\""',
        'principal.hasTag("role") && principal.getTag("role") == "any text"',
        'context.system.now < datetime("2027-01-01")',
        "context has input && principal has id",
        'principal.id != "x" || 1 == 2',
    ],
)
def test_what_can_apply_is_taken(when: str) -> None:
    assert len(made(policy("permit", NAME, when)).policies) == 1


def test_an_argument_that_one_tool_of_the_head_has_may_be_asked_for() -> None:
    assert made(policy("permit", "in pay", "context.input has note"))
    assert (
        refusal(policy("permit", "pay___list", "context.input has note"))[0] == "policy-attribute"
    )


def test_a_hidden_tool_is_named_with_its_reason() -> None:
    with pytest.raises(ToolsError) as caught:
        made(policy("permit", "pay___" + "x" * 64))
    assert "hidden" in caught.value.message and "64 characters" in caught.value.message


def test_what_was_probably_meant_is_hinted_at() -> None:
    with pytest.raises(ToolsError) as caught:
        made(policy("permit", NAME, 'principal.hasTag("deprtment")'))
    assert caught.value.hint is not None and "`department`" in caught.value.hint


@pytest.mark.parametrize(
    ("when", "word"),
    [
        ('context.input.note == "x"', "`has`"),
        ('principal.getTag("role") == "x"', "`hasTag`"),
        ('context.input.amount.lessThan(decimal("1.0"))', "decimal"),
    ],
)
def test_what_cedar_refuses_is_explained(when: str, word: str) -> None:
    with pytest.raises(ToolsError) as caught:
        made(policy("permit", NAME, when))
    assert caught.value.hint is not None and word in caught.value.hint


def test_all_mistakes_are_counted_and_the_first_is_named() -> None:
    wrong = policy("permit", NAME, 'principal.hasTag("x")') * 3
    with pytest.raises(ToolsError) as caught:
        made(policy("permit", NAME) + wrong)
    assert caught.value.message.startswith("p.cedar:2: ") and "2 more" in caught.value.message


def test_the_second_of_two_files_is_named() -> None:
    with pytest.raises(ToolsError) as caught:
        made(
            policy("permit", NAME) + "\n// a comment;\n" + policy("permit", NAME, "context.input.x")
        )
    assert caught.value.message.startswith("p.cedar:4: ")


@pytest.mark.parametrize(
    ("actions", "when", "applies"),
    [
        (NAME, 'action == AgentCore::Action::"pay___list"', False),
        (NAME, 'action in AgentCore::Action::"find"', False),
        (NAME, 'action in [AgentCore::Action::"find", AgentCore::Action::"pay"]', True),
        (f"{NAME}|pay___list", 'action == AgentCore::Action::"pay___list"', True),
        ("in pay", 'action != AgentCore::Action::"pay___refund"', True),
        ("in pay", '[AgentCore::Action::"find___notes"].contains(action)', False),
        ("*", 'action in AgentCore::Action::"find"', True),
        ("*", 'action in AgentCore::Action::"find" && action in AgentCore::Action::"pay"', False),
        (NAME, 'action in AgentCore::Action::"Mcp"', True),
    ],
)
def test_what_is_asked_of_the_action_is_true_of_some_tool_of_the_head(
    actions: str, when: str, applies: bool
) -> None:
    text = policy("forbid", actions, when)
    if applies:
        assert len(made(text).policies) == 1
    else:
        assert refusal(text)[0] == "policy-never"


@pytest.mark.parametrize("head", ['action == AgentCore::Action::"pay"', "action"])
def test_a_head_without_an_action_is_explained(head: str) -> None:
    who = "principal" if head != "action" else "principal is AgentCore::IamEntity"
    with pytest.raises(ToolsError) as caught:
        made(f"permit({who}, {head}, resource);")
    assert caught.value.hint is not None
    assert "`action in`" in caught.value.hint and "OAuthUser" in caught.value.hint


@pytest.mark.parametrize(
    ("principal", "when"),
    [
        ('principal == AgentCore::OAuthUser::"{}"', "true"),
        ("principal", 'principal.id == "{}"'),
        ("principal", '["people:bob", "{}"].contains(principal.id)'),
        ("principal", 'principal != AgentCore::OAuthUser::"{}"'),
    ],
)
def test_a_principal_without_its_issuer_is_refused_where_ids_have_one(
    principal: str, when: str
) -> None:
    def forbidding(id_: str, form: PrincipalForm) -> ToolBundle:
        head = f"forbid({principal.format(id_)}, action, resource)"
        file = PolicyFile("p.cedar", f"{head} when {{ {when.format(id_)} }};")
        return make_bundle(replace(made("").source, policies=(file,), principal=form))

    for bare in ("alice", ":alice"):
        with pytest.raises(ToolsError) as caught:
            forbidding(bare, PrincipalForm.ISSUER_SUB)
        assert caught.value.code == "policy-principal"
    assert forbidding("alice", PrincipalForm.SUB)
    assert forbidding("people:alice", PrincipalForm.ISSUER_SUB)


def test_before_a_tool_is_pinned_it_is_said_what_to_do() -> None:
    with pytest.raises(ToolsError) as caught:
        bundle(policy("permit", "*"))
    assert caught.value.hint is not None and "valetkey tools refresh" in caught.value.hint
