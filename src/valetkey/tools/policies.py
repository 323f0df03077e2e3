"""Cedar policies read: what each is called, what it says no or yes to, and how strictly."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cedarpy

from valetkey.tools.annotations import Terms, read_terms
from valetkey.tools.decision import Mode, Severity, Tier
from valetkey.tools.errors import ToolsError
from valetkey.tools.expressions import MAX_DEPTH, depth
from valetkey.tools.partial import satisfied
from valetkey.tools.partial_values import Reader
from valetkey.tools.source import PolicyFile
from valetkey.tools.statements import Statement, mistake, split


@dataclass(frozen=True, slots=True)
class Scope:
    """The head of a policy: `actions` are the actions and groups it names, None: every one.

    `principal` and `resource` are the operators of theirs: `All`, `==`, `in` or `is`.
    """

    principal: str
    actions: frozenset[str] | None
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPolicy:
    """One policy. `id` is `<file>#<its @rule_id, else its @id, else its place in the file>`.

    `effect` is `permit` or `forbid`; `tier` and what follows it are of forbids. `est` is its
    syntax tree in Cedar's JSON policy format, and `applies` tells whether it applies as far as
    that is known before a call.
    """

    id: str
    file: str
    line: int
    text: str
    effect: str
    scope: Scope
    tier: Tier = Tier.HARD
    mode: Mode = Mode.ENFORCE
    rule_id: str | None = None
    approval_timeout_s: int | None = None
    severity: Severity | None = None
    category: str | None = None
    unknown_annotations: tuple[str, ...] = ()
    est: Mapping[str, Any] = field(repr=False, compare=False)
    applies: Reader = field(repr=False, compare=False)

    @property
    def statement(self) -> Statement:
        """Its text and place."""
        return Statement(self.file, self.line, 0, self.text)

    def mistake(
        self, code: str, sentence: str, *, about: str = "", hint: str | None = None
    ) -> ToolsError:
        """Return an error at the line where `about` stands in this policy."""
        line = self.statement.line_of(about)
        return mistake(code, self.file, line, sentence, hint=hint)


def read_policies(files: Iterable[PolicyFile]) -> tuple[ToolPolicy, ...]:
    """Return the policies of all files, in the order of the files and their statements.

    Raises ToolsError `policy-syntax`, `policy-annotation`, `policy-duplicate` (two of one name, in
    whatever files), or those of `split`, each with file and line.
    """
    statements = [each for file in files for each in split(file)]
    policies = tuple(
        _policy(statement, tree)
        for statement, tree in zip(statements, _trees(statements), strict=True)
    )
    names: dict[str, ToolPolicy] = {}
    for policy in policies:
        for name in {policy.id, policy.rule_id or policy.id}:
            if name in names:
                there = f"{names[name].file}:{names[name].line}"
                raise policy.mistake(
                    "policy-duplicate", f"`{name}` is the name of the policy at {there} too"
                )
            names[name] = policy
    return policies


def _trees(statements: list[Statement]) -> list[Mapping[str, Any]]:
    """Return the syntax tree of each statement, parsed together and, if that fails, one by one."""
    try:
        parsed = json.loads(cedarpy.policies_to_json_str("\n".join(s.text for s in statements)))
    except (ValueError, RecursionError):
        parsed = {}
    trees = parsed.get("staticPolicies", {})
    if len(trees) == len(statements) and not parsed.get("templates"):
        return [trees[f"policy{number}"] for number in range(len(statements))]
    return [_tree(statement) for statement in statements]


def _tree(statement: Statement) -> Mapping[str, Any]:
    """Return the syntax tree of one statement. Raises ToolsError `policy-syntax`."""
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(statement.text))
    except RecursionError:
        raise mistake(
            "policy-syntax", statement.file, statement.line, "the policy is nested too deep"
        ) from None
    except ValueError as error:
        sentence = f"the policy is not Cedar: {error}"
        line = statement.line_of(_quoted(str(error)))
        raise mistake("policy-syntax", statement.file, line, sentence) from None
    trees: dict[str, Any] = parsed["staticPolicies"]
    if len(trees) != 1 or parsed["templates"]:
        raise mistake(
            "policy-syntax", statement.file, statement.line, "the text is not one Cedar policy"
        )
    tree: Mapping[str, Any] = next(iter(trees.values()))
    return tree


def _quoted(sentence: str) -> str:
    """Return what stands between the last pair of backticks, where it is long enough to seek."""
    parts = sentence.split("`")
    return parts[-2] if len(parts) > 2 and len(parts[-2]) > 2 else ""


def _policy(statement: Statement, tree: Mapping[str, Any]) -> ToolPolicy:
    """Return the policy of a statement."""
    if depth(tree) > MAX_DEPTH:
        raise mistake(
            "policy-syntax",
            statement.file,
            statement.line,
            f"more than {MAX_DEPTH} expressions stand within each other",
        )
    terms: Terms = read_terms(statement, tree["effect"], tree.get("annotations", {}))
    return ToolPolicy(
        id=f"{statement.file}#{terms.name or statement.ordinal}",
        file=statement.file,
        line=statement.line,
        text=statement.text,
        effect=tree["effect"],
        scope=Scope(tree["principal"]["op"], _actions(tree["action"]), tree["resource"]["op"]),
        tier=terms.tier,
        mode=terms.mode,
        rule_id=terms.name,
        approval_timeout_s=terms.approval_timeout_s,
        severity=terms.severity,
        category=terms.category,
        unknown_annotations=terms.unknown,
        est=tree,
        applies=satisfied(tree),
    )


def _actions(scope: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the ids that an action scope names; None where it names none and takes every one."""
    if scope["op"] == "All":
        return None
    named = scope["entities"] if "entities" in scope else [scope["entity"]]
    return frozenset(each["id"] for each in named)
