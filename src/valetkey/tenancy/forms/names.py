"""What files and resources of a written policy set are called: the same set, the same names."""

import re
from dataclasses import dataclass, field

from valetkey.iam.document import quoted
from valetkey.tenancy.errors import TenancyError

_KINDS = {
    "s3": "bucket",
    "dynamodb": "table",
    "sqs": "queue",
    "sns": "topic",
    "secretsmanager": "secret",
    "lambda": "function",
    "kms": "key",
}
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.-]+")
_NOT_LETTERS = re.compile(r"[^A-Za-z0-9]+")
_POLICY_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}\Z")  # IAM API reference, PutRolePolicy


def service_of(arn: str) -> str:
    """Return the service that an ARN names."""
    return arn.split(":")[2] if arn.count(":") >= 5 else ""


def account_of(arn: str) -> str:
    """Return the account of an ARN, empty for a bucket's."""
    return arn.split(":")[4] if arn.count(":") >= 5 else ""


def kind_of(arn: str) -> str:
    """Return what the resource is in one word, such as `bucket`."""
    return _KINDS.get(service_of(arn), "resource")


def last_name(arn: str) -> str:
    """Return the name in an ARN, without its path and type."""
    return re.split(r"[:/]", arn)[-1]


def resource_name(arn: str) -> str:
    """Return what tells a resource apart from others of its kind: a secret keeps its path."""
    resource = arn.split(":", 5)[-1]
    return resource.split("/", 1)[-1] if service_of(arn) != "secretsmanager" else resource


def policy_name(name: str) -> str:
    """Return the name where IAM takes it for a policy. Raises TenancyError `policy-form-unfit`."""
    if _POLICY_NAME.match(name):
        return name
    raise TenancyError("policy-form-unfit", f"IAM takes no policy of the name {quoted(name)}")


@dataclass(slots=True)
class Unique:
    """Names that were given out; a name that is taken, ignoring case, gets a number."""

    taken: set[str] = field(default_factory=set)

    def plain(self, name: str) -> str:
        """Return a name for a file."""
        return self._free(_NOT_PLAIN.sub("-", name).strip("-."))

    def logical(self, name: str) -> str:
        """Return a logical id of CloudFormation: letters and digits, each word with a capital."""
        words = _NOT_LETTERS.split(name)
        return self._free("".join(word[:1].upper() + word[1:] for word in words)[:200])

    def label(self, name: str) -> str:
        """Return the label of a Terraform resource: it begins with a letter or `_`."""
        plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)
        return self._free(plain if plain[:1].isalpha() else f"_{plain}")

    def _free(self, name: str) -> str:
        chosen, number = name, 1
        while chosen.casefold() in self.taken:
            number += 1
            chosen = f"{name}-{number}" if "-" in name or "." in name else f"{name}{number}"
        self.taken.add(chosen.casefold())
        return chosen
