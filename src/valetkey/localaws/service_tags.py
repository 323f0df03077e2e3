"""Tags of secrets and parameters: read from a request, checked, merged, told to conditions."""

from collections.abc import Mapping

from valetkey.iam import ContextValue
from valetkey.localaws.faults import AwsError
from valetkey.localaws.models import Params
from valetkey.localaws.surroundings import tag_context
from valetkey.localaws.tags import MAX_TAGS, clashing_key, tag_trouble


def request_tags(params: Params) -> dict[str, str]:
    """Return the tags that a request writes. Raises AwsError ValidationException for bad ones.

    Two keys that differ by case alone are refused: a condition could not tell them apart.
    """
    tags = params.get("Tags", ())
    if any("Key" not in tag for tag in tags):
        raise _invalid("A tag needs a key.")
    found = {tag["Key"]: tag.get("Value", "") for tag in tags}
    for key, value in found.items():
        trouble = tag_trouble(key, value)
        if trouble is not None:
            raise _invalid(trouble)
    if clashing_key(tag["Key"] for tag in tags) is not None:
        raise _invalid("A tag key comes twice, ignoring case.")
    return found


def tagging(params: Params) -> dict[str, ContextValue]:
    """Return what conditions see of the tags that a request writes or removes."""
    context = tag_context(request_tags(params))
    if "TagKeys" in params:
        context["aws:TagKeys"] = tuple(params["TagKeys"])
    return context


def merged_tags(stored: Mapping[str, str], written: Mapping[str, str]) -> dict[str, str]:
    """Return the tags after a write. Raises AwsError for too many, or keys that clash."""
    merged = {**stored, **written}
    if clashing_key(merged) is not None:
        raise _invalid("A tag key is there already in another case.")
    if len(merged) > MAX_TAGS:
        raise _invalid(f"There can be at most {MAX_TAGS} tags.")
    return merged


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as AWS's answers list them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)
