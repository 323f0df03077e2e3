"""What the settings' policies and pinned tools come to."""

from typing import Final

from valetkey.settings.values import ToolsSettings
from valetkey.tools import BundleSource, ToolsError
from valetkey.tools.bundle import ToolBundle, make_bundle

_WITHOUT_TOOLS: Final = frozenset({"policy-tool-unknown", "policy-type"})
"""What Cedar and we say of a policy where no tool is there that it could be about."""


def bundle_of(tools: ToolsSettings, source: BundleSource | None = None) -> ToolBundle:
    """Compile the settings' source, or one made of it. Raises ToolsError for a mistaken policy.

    Where nothing is pinned, that is said first: policies may be mistaken for that alone.
    """
    try:
        return make_bundle(source or tools.source)
    except ToolsError as error:
        if tools.source.tools or error.code not in _WITHOUT_TOOLS:
            raise
        what = "has no tool" if tools.is_pinned else "is not there, so that no tool is known"
        raise ToolsError(
            error.code,
            f"`{tools.lock}` {what}: {error.message}",
            hint="`valetkey tools refresh --accept` pins what the servers have",
        ) from None
