"""What a map gives to a run, as actions on resources: what is written, and what is proved against.

Facts of the Service Authorization Reference: which resource an action is checked on, and which
key names the data that it reaches.
"""

from dataclasses import dataclass

from valetkey.tenancy.tenancy_map import Access, Owned, OwnedText, Shared


@dataclass(frozen=True, slots=True)
class KeyText:
    """A context key that must be there; each of its values must be `text` (or, where `open`,
    begin with it). `many`: a key with several values, such as `dynamodb:LeadingKeys`.
    """

    name: str
    text: OwnedText
    open: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Right:
    """The run whose tags fill in the texts may do `action` to `resource` (where `open`, to
    whatever begins with it). `entry` says who owns what it reaches, None for a model.
    """

    action: str
    access: Access
    resource: OwnedText
    open: bool = False
    key: KeyText | None = None
    entry: Owned | Shared | None = None
