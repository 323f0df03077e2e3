"""Tags of secrets and parameters: read from a request, checked, merged, told to conditions."""

from collections.abc import Iterable, Mapping

from valetkey.iam import ContextValue
from valetkey.localaws.faults import AwsError
from valetkey.localaws.models import Params
from valetkey.localaws.surroundings import tag_context
from valetkey.localaws.tags import tags_trouble


def request_tags(params: Params) -> dict[str, str]:
    """Return the tags that a request writes. Raises AwsError ValidationException for bad ones.

    Two keys that differ by case alone are refused: a condition could not tell them apart.
    """
    tags = params.get("Tags", ())
    if any("Key" not in tag for tag in tags):
        raise _invalid("A tag needs a key.")
    pairs = [(tag["Key"], tag.get("Value", "")) for tag in tags]
    _check(pairs, ())
    return dict(pairs)


def tagging(params: Params) -> dict[str, ContextValue]:
    """Return what conditions see of the tags that a request writes or removes."""
    context = tag_context(request_tags(params))
    if "TagKeys" in params:
        context["aws:TagKeys"] = tuple(params["TagKeys"])
    return context


def merged_tags(stored: Mapping[str, str], written: Mapping[str, str]) -> dict[str, str]:
    """Return the tags after a write. Raises AwsError for too many, or keys that clash."""
    _check(written.items(), stored)
    return {**stored, **written}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as AWS's answers list them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _check(pairs: Iterable[tuple[str, str]], stored: Iterable[str]) -> None:
    trouble = tags_trouble(pairs, stored)
    if trouble is not None:
        raise _invalid(trouble)


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)
