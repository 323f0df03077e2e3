"""The page of lint codes: every trap that `valetkey iam lint` knows, from its rules."""

from valetkey.iam.lint import RULES, Rule

_INTRO = """\
# Lint codes

What [`valetkey iam lint`](../guides/iam.md#lint) finds. An *error* lets somebody in, or is a Deny
that never fires; a *warning* does not do what it reads like; a *note* is worth a look. The place
may make one finding weaker or stronger than its code's severity here. Codes never change their
meaning; `--ignore CODE` leaves one out.

Findings of [parliament](https://github.com/duo-labs/parliament) have its own names behind
`parliament-` and are never errors.
"""


def lint_codes_page() -> str:
    """Return the page, a section a theme, a table of codes and what they mean."""
    parts = [_INTRO]
    for theme in dict.fromkeys(rule.theme for rule in RULES):
        parts.append(f"## {theme}\n\n| code | severity | trap | mend |\n|---|---|---|---|")
        parts += [_row(rule) for rule in RULES if rule.theme == theme]
        parts.append("")
    return "\n".join(parts)


def _row(rule: Rule) -> str:
    cells = (
        f"`{rule.code}`",
        rule.severity.value,
        f"{rule.title[0].upper()}{rule.title[1:]}. {rule.why}",
        rule.mend,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
