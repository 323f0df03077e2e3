"""Parameters and their versions, and how AWS's answers show them."""

from dataclasses import dataclass, field, replace
from typing import Any

from valetkey.localaws.faults import AwsError
from valetkey.localaws.ssm_names import Wanted

MAX_VERSIONS = 100
SEALED = "(a SecureString, not decrypted)"


@dataclass(frozen=True, slots=True)
class ParameterVersion:
    """One version of a parameter. A SecureString's `value` is plain: nothing is encrypted here."""

    number: int
    value: str = field(repr=False)
    kind: str
    modified: float
    tier: str
    data_type: str = "text"
    description: str = ""
    key_id: str | None = None
    labels: tuple[str, ...] = ()


@dataclass(slots=True)
class Parameter:
    """One parameter: its versions, oldest first, and its tags."""

    name: str
    arn: str
    versions: list[ParameterVersion]
    tags: dict[str, str]

    @property
    def latest(self) -> ParameterVersion:
        """The version that is read where none is named."""
        return self.versions[-1]

    def selected(self, selector: str | None) -> ParameterVersion | None:
        """Return the version of this number or label, the latest for None."""
        if selector is None:
            return self.latest
        for version in self.versions:
            if selector == str(version.number) or selector in version.labels:
                return version
        return None

    def add(self, version: ParameterVersion) -> None:
        """Add a version; of too many, the oldest goes, unless it has a label."""
        if len(self.versions) >= MAX_VERSIONS:
            if self.versions[0].labels:
                raise AwsError(
                    "ParameterMaxVersionLimitExceeded", "The oldest version has a label: move it."
                )
            del self.versions[0]
        self.versions.append(version)

    def relabel(self, number: int, labels: tuple[str, ...]) -> None:
        """Put labels on one version and take them from each other one."""
        self.versions = [
            replace(one, labels=(*_without(one.labels, labels), *labels))
            if one.number == number
            else replace(one, labels=_without(one.labels, labels))
            for one in self.versions
        ]

    def unlabel(self, number: int, labels: tuple[str, ...]) -> None:
        """Take labels from one version."""
        self.versions = [
            replace(one, labels=_without(one.labels, labels)) if one.number == number else one
            for one in self.versions
        ]


def _without(labels: tuple[str, ...], gone: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(label for label in labels if label not in gone)


def shown(parameter: Parameter, version: ParameterVersion, *, decrypted: bool) -> dict[str, Any]:
    """Return a parameter with its value; a SecureString's only if decryption was asked for."""
    sealed = version.kind == "SecureString" and not decrypted
    return {
        "Name": parameter.name,
        "Type": version.kind,
        "Value": SEALED if sealed else version.value,
        "Version": version.number,
        "LastModifiedDate": version.modified,
        "ARN": parameter.arn,
        "DataType": version.data_type,
    }


def selected_value(wanted: Wanted, parameter: Parameter, *, decrypted: bool) -> dict[str, Any]:
    """Return the version that the name selects. Raises AwsError ParameterVersionNotFound."""
    version = parameter.selected(wanted.selector)
    if version is None:
        raise AwsError("ParameterVersionNotFound", "The parameter has no such version or label.")
    found = shown(parameter, version, decrypted=decrypted)
    return found if wanted.selector is None else {**found, "Selector": f":{wanted.selector}"}


def described(parameter: Parameter) -> dict[str, Any]:
    """Return what DescribeParameters tells: everything but the value."""
    latest = parameter.latest
    found = shown(parameter, latest, decrypted=False)
    del found["Value"]
    return {**found, **_details(latest)}


def remembered(
    parameter: Parameter, version: ParameterVersion, *, decrypted: bool
) -> dict[str, Any]:
    """Return one row of GetParameterHistory."""
    found = shown(parameter, version, decrypted=decrypted)
    del found["ARN"]
    return {**found, **_details(version), "Labels": list(version.labels)}


def _details(version: ParameterVersion) -> dict[str, Any]:
    found: dict[str, Any] = {"Tier": version.tier, "Policies": []}
    if version.description:
        found["Description"] = version.description
    if version.key_id is not None:
        found["KeyId"] = version.key_id
    return found
