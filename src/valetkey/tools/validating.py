"""All policies checked before one is believed: against the tools' types, then for their sense."""

import re
from collections.abc import Callable, Sequence
from typing import Final

import cedarpy

from valetkey.tools.errors import ToolsError
from valetkey.tools.lint import Vocabulary, check_meaning, check_names, first_of
from valetkey.tools.policies import ToolPolicy

_OF_POLICY: Final = re.compile(r"for policy `policy[0-9]+`, ")
_HINTS: Final = {
    "access to optional attribute": "ask `has` before: `context.input has x && context.input.x …`",
    "access to tag": 'ask `hasTag` before: `principal.hasTag("x") && principal.getTag("x") …`',
    "applicable action": "a tool is named with `action ==`, all of a server with `action in`; "
    "a principal is an `AgentCore::OAuthUser`, the resource an `AgentCore::Gateway`",
    "not found": "every tool that the head of the policy takes in must have it",
    "decimal": 'a JSON number is a decimal: `context.input.x.lessThan(decimal("500.00"))`, '
    "`decimal` with a point; a JSON integer is a Long: `context.input.x < 500`",
}
"""What to do about a sentence of Cedar's that has these words."""
_NO_TOOLS: Final = "no tool is pinned yet that could be called: see `valetkey tools refresh`"
_NAME: Final = re.compile(r"`\"?([^`]*?)\"?`")


def check_policies(
    policies: Sequence[ToolPolicy], schema: cedarpy.Schema, words: Vocabulary
) -> None:
    """Raise ToolsError for the first policy that is mistaken; its `detail` has all others.

    Codes: `policy-type` of what Cedar's strict validation refuses, and those of `lint`.
    """
    _each(policies, lambda policy: check_names(policy, words))
    _validate(policies, schema, words)
    _each(policies, lambda policy: check_meaning(policy, words))


def _each(policies: Sequence[ToolPolicy], check: Callable[[ToolPolicy], None]) -> None:
    """Raise ToolsError if `check` does so for some policy."""
    errors = []
    for policy in policies:
        try:
            check(policy)
        except ToolsError as error:
            errors.append(error)
    if errors:
        raise first_of(errors)


def _validate(policies: Sequence[ToolPolicy], schema: cedarpy.Schema, words: Vocabulary) -> None:
    """Raise ToolsError `policy-type` if Cedar's strict validation refuses a policy."""
    result = cedarpy.validate_policies("\n".join(policy.text for policy in policies), schema)
    if result.validation_passed:
        return
    errors: dict[int, ToolsError] = {}
    for error in sorted(result.errors, key=str):  # Cedar promises no order
        number = error.policy_id.removeprefix("policy")
        if not number.isdigit():
            raise ToolsError("policy-type", f"the policies are not valid: {error.error}")
        policy = policies[int(number)]
        sentence = _OF_POLICY.sub("", error.error)
        hint = next((hint for part, hint in _HINTS.items() if part in sentence), None)
        hint = hint if words.contexts else _NO_TOOLS
        about = _about(policy, sentence)
        errors.setdefault(
            int(number), policy.mistake("policy-type", sentence, about=about, hint=hint)
        )
    raise first_of([errors[number] for number in sorted(errors)])


def _about(policy: ToolPolicy, sentence: str) -> str:
    """Return the fragment of a policy that Cedar's sentence is about, as far as it names one."""
    found = _NAME.search(sentence)
    if found is None:
        return ""
    name = found.group(1)
    return name if name in policy.text else name.rpartition(".")[2]
