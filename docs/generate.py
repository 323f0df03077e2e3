"""Write docs/reference/, and the guides' policies and transcripts, so that they stay true.

python docs/generate.py            # write the pages anew
python docs/generate.py --check    # show the difference and exit with 1 if there is any
"""

import sys

from generator.audit_records import audit_records_page
from generator.configuration import configuration_page
from generator.error_codes import error_codes_page
from generator.http_api import http_api_page
from generator.lint_codes import lint_codes_page
from generator.policies import with_policies
from generator.transcripts import with_transcripts
from help_texts import ROOT, command_names, fenced, settle

PAGES = {
    "audit-records.md": audit_records_page,
    "configuration.md": configuration_page,
    "error-codes.md": error_codes_page,
    "http-api.md": http_api_page,
    "lint-codes.md": lint_codes_page,
}
NOTE = "<!-- Written by docs/generate.py from the code. Change the code, not this page. -->\n\n"


def cli_page() -> str:
    """Return the help of every command on one page."""
    parts = [
        "# Commands\n",
        "Exit codes, where a command's help says nothing else: 0 done, 1 failed, 2 denied"
        " or broken. Errors are one line on standard error with a code that"
        " [error codes](error-codes.md) lists.\n",
    ]
    for name in command_names():
        parts.append(f"{'#' * (len(name.split()) + 1)} {name}\n\n{fenced(name)}")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Settle every page of the reference, and what guides show of policies and transcripts."""
    if arguments not in ([], ["--check"]):
        print(__doc__)
        return 2
    folder = ROOT / "docs" / "reference"
    pages = {**PAGES, "cli.md": cli_page}
    wanted = {folder / name: NOTE + page() for name, page in sorted(pages.items())}
    for guide in sorted((ROOT / "docs" / "guides").glob("*.md")):
        wanted[guide] = with_transcripts(with_policies(guide.read_text(encoding="utf-8")))
    return settle(wanted, check=bool(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
