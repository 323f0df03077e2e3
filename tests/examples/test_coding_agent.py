"""The example policies for coding agents, and the spellings that string rules are known to miss.

Lesson 33: `push -f` slipped by a rule on `--force`, and `rm -rf  /` with two blanks by one on
`rm -rf /`. Here no spelling may slip by: what no rule knows is asked about.
"""

import json
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from valetkey.tools import BundleSource, PolicyFile, ServerRules, ToolDefinition, Verdict
from valetkey.tools.arguments import Arguments
from valetkey.tools.bundle import ToolBundle, make_bundle
from valetkey.tools.cases import read_cases, run_case
from valetkey.tools.deciding import decide
from valetkey.tools.lock import read_lock, write_lock
from valetkey.tools.principal import ToolPrincipal

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "coding-agent"
NOW: Final = 1_800_000_000.0
ALICE: Final = ToolPrincipal("alice", {"user_id": "alice"})


@cache
def bundle() -> ToolBundle:
    source = BundleSource(
        gateway="arn:aws:bedrock-agentcore:eu-west-1:111122223333:gateway/coding-agents",
        policies=tuple(
            PolicyFile(path.name, path.read_text())
            for path in sorted((EXAMPLE / "policies").glob("*.cedar"))
        ),
        servers=(ServerRules("claude-code"),),
        tools=read_lock((EXAMPLE / "tools.lock").read_text()),
        tags=("user_id", "run", "actor", "issuer"),
    )
    return make_bundle(source)


def decided(tool: str, **arguments: str) -> tuple[Verdict, set[str]]:
    """Return the verdict on a call and the rules of it, by their names alone."""
    mapped = bundle().tools[f"claude-code___{tool}"]
    checked = mapped.check(dict(arguments), undeclared=False)
    assert isinstance(checked, Arguments)
    decision = decide(bundle(), ALICE, mapped, checked, now=NOW)
    assert decision.errors == ()
    return decision.verdict, {rule.partition("#")[2] for rule in decision.rules}


def command(text: str) -> tuple[Verdict, set[str]]:
    return decided("Bash", command=text)


FORCE_PUSHES: Final = {
    "the long option": "git push --force",
    "the short option": "git push -f",
    "the short option behind": "git push origin agent/x -f",
    "with a lease": "git push --force-with-lease",
    "with a lease on a branch": "git push --force-with-lease=main:abc origin agent/x",
    "if includes": "git push --force-if-includes origin agent/x",
    "among short options": "git push -uf origin agent/x",
    "a refspec that forces": "git push origin +main",
    "a second refspec that forces": "git push origin agent/x +agent/y:agent/y",
    "two blanks": "git  push  --force",
    "tabs": "git\tpush\t--force",
    "quotes": 'git "push" "--force"',
    "quotes within": "git pu''sh --fo''rce",
    "a backslash": "git pu\\sh -\\f",
    "another folder": "git -C sub push -f",
    "another repository": "git --git-dir=sub/.git push -f",
    "a setting": "git -c push.default=current push -f",
    "an alias": "git -c alias.p='push -f' p",
    "an assignment before it": "GIT_TRACE=1 git push -f",
    "env before it": "env git push -f",
    "substitution": "git $(echo push) -f",
    "backquotes": "git `echo push` -f",
    "a variable": "f=-f; git push $f",
    "the field separator": "git${IFS}push${IFS}-f",
    "braces": "git {push,-f}",
    "another shell": "sh -c 'git push -f'",
    "eval": "eval git push -f",
    "encoded": "echo Z2l0IHB1c2ggLWY= | base64 -d | sh",
    "a second command": "git status; git push -f",
    "a second line": "git status\ngit push -f",
    "after a line that goes on": "git status &&\\\ngit push -f",
    "in the background": "git status & git push -f",
    "a comment between": "git status #\ngit push -f",
    "a path": "/usr/bin/git push -f",
    "a blank of Unicode": "git\u00a0push\u2003--force",
    "a character without a width": "git pu\u200bsh -f",
    "a carriage return": "git status\rgit push -f",
    "the mirror": "git push --mirror",
    "the deletion": "git push origin --delete agent/x",
    "the deletion by a refspec": "git push origin :agent/x",
    "the plumbing": "git send-pack --force origin main",
    "another program": "hub push -f",
}
REMOVALS: Final = {
    "as it is": "rm -rf /",
    "two blanks": "rm -rf  /",
    "the other order": "rm -fr /",
    "two options": "rm -r -f /",
    "the capital letter": "rm -R /",
    "long options": "rm --recursive --force /",
    "options behind": "rm / -rf",
    "the end of options": "rm -rf -- /",
    "without a safeguard": "rm -rf --no-preserve-root /",
    "all below": "rm -rf /*",
    "a folder of the system": "rm -rf /etc",
    "home": "rm -rf ~/",
    "home by its variable": "rm -rf $HOME",
    "a backslash": "\\rm -rf /",
    "a path": "/bin/rm -rf /",
    "as root": "sudo rm -rf /",
    "an assignment before it": "X=1 rm -rf /",
    "a second command": "ls; rm -rf /",
    "a second line": "ls\nrm -rf /",
    "in a subshell": "(rm -rf /)",
    "by xargs": "echo / | xargs rm -rf",
    "through command": "command rm -rf /",
    "by a detour": "rm -rf ./../../",
}
HIDDEN_REMOVALS: Final = {
    "tabs": "rm\t-rf\t/",
    "quotes": "'rm' '-rf' '/'",
    "quotes within": 'r""m -rf "/"',
    "the field separator": "rm${IFS}-rf${IFS}/",
    "substitution": "$(echo rm) -rf /",
    "a blank of Unicode": "rm\u00a0-rf\u00a0/",
    "another program": "find / -delete",
    "another program that starts it": "find / -exec rm {} +",
    "an interpreter": "python -c 'import shutil; shutil.rmtree(\"/\")'",
    "a perl": "perl -e 'unlink glob \"/*\"'",
    "a busybox": "busybox rm -rf /",
    "encoded": "echo cm0gLXJmIC8= | base64 -d | sh",
    "hexadecimal": "$'\\x72\\x6d' -rf /",
    "a synchronisation": "rsync -a --delete empty/ /",
}


@pytest.mark.parametrize("spelling", FORCE_PUSHES.values(), ids=FORCE_PUSHES)
def test_no_spelling_of_a_force_push_slips_by(spelling: str) -> None:
    assert command(spelling)[0] is not Verdict.ALLOW


@pytest.mark.parametrize("spelling", REMOVALS.values(), ids=REMOVALS)
def test_a_removal_of_everything_is_denied_in_its_usual_spellings(spelling: str) -> None:
    verdict, rules = command(spelling)
    assert (verdict, "rm-of-everything" in rules) == (Verdict.DENY, True)


@pytest.mark.parametrize("spelling", HIDDEN_REMOVALS.values(), ids=HIDDEN_REMOVALS)
def test_no_hidden_spelling_of_a_removal_slips_by(spelling: str) -> None:
    assert command(spelling)[0] is not Verdict.ALLOW


@pytest.mark.parametrize(
    "spelling",
    [
        "git push -f",
        "git push --force-with-lease",
        "git push -uf origin x",
        "git push origin +main",
        "git  push  --force",
        "git -C sub push -f",
        "GIT_TRACE=1 git push -f",
    ],
)
def test_a_force_push_that_a_string_shows_is_named_as_one(spelling: str) -> None:
    assert "force-push" in command(spelling)[1]


KNOWN: Final = ("git status", "git push origin agent/x", "pytest tests/unit", "ls -l src")
INTERPRETED: Final = (
    *(";", "|", "&", "<", ">", "$", "`", "\\", '"', "'", "(", ")", "{", "}", "[", "]", "?", "*"),
    *("~", "#", "!", "=", "^", "%", "\n", "\r", "\t", "\0", "\x0b", "\x0c", "\x1b", "\x7f"),
    *("\x85", "\xa0", "\u2028", "\u2029", "\u3000", "\u200b", "\u202e", "\ufeff"),
)


@pytest.mark.parametrize("known", KNOWN)
def test_one_character_that_a_shell_interprets_takes_a_known_command_off_the_list(
    known: str,
) -> None:
    assert command(known)[0] is Verdict.ALLOW
    for character in INTERPRETED:
        for spoiled in (f"{known}{character}x", f"{known} {character} x", f"{character}{known}"):
            assert command(spoiled)[0] is not Verdict.ALLOW, repr(spoiled)


@pytest.mark.parametrize("path", ["commands.cases.json", "files.cases.json", "web.cases.json"])
def test_the_cases_beside_the_policies_hold(path: str) -> None:
    cases = read_cases(path, (EXAMPLE / "policies" / path).read_text())
    wrong = [(case.name, run_case(bundle(), case, now=NOW).differences) for case in cases]
    assert [each for each in wrong if each[1]] == []


NOTEBOOKS: Final = ("own-rules", "secrets", "env-files", "outside")
"""Rules that say of notebooks what the rule of the same name says of files."""


def test_every_rule_has_a_case() -> None:
    told = {
        rule
        for path in (EXAMPLE / "policies").glob("*.cases.json")
        for case in read_cases(path.name, path.read_text())
        for rule in case.reason
    }
    without = {policy.id for policy in bundle().policies} - told
    assert without <= {
        "commands.cedar#not-plain",  # the tests above
        *(f"files.cedar#{name}-notebook" for name in NOTEBOOKS),
    }


def test_every_tool_is_mapped_and_none_hidden() -> None:
    assert (len(bundle().tools), dict(bundle().hidden)) == (13, {})
    assert bundle().warnings == ()


def test_the_lock_is_made_of_the_definitions() -> None:
    tools = json.loads((EXAMPLE / "definitions.json").read_text())["tools"]
    pinned = write_lock(ToolDefinition("claude-code", tool["name"], tool) for tool in tools)
    assert (EXAMPLE / "tools.lock").read_text() == pinned


def test_an_argument_that_is_not_defined_is_refused() -> None:
    tool = bundle().tools["claude-code___Bash"]
    checked = tool.check({"command": "ls", "as_root": True}, undeclared=False)
    assert not isinstance(checked, Arguments)
