"""Names that AWS takes: a proof may name a bucket `x`, where AWS wants three letters at least."""

from dataclasses import replace

from valetkey.iam.arn import split_arn
from valetkey.localaws.replaying_outcome import Attempt

LEAST = 3  # characters of a bucket's, a table's and an index's name
MORE = "-of-another"


def fitted(attempt: Attempt) -> Attempt:
    """Return the attempt with too short a name in its resource made longer, or as it is.

    Such a resource stands for any: where the policies name none, a longer name is as good.
    """
    arn = split_arn(attempt.resource)
    if arn is None or arn.service not in {"s3", "dynamodb"}:
        return attempt
    parts = arn.resource.split("/")
    places = (0,) if arn.service == "s3" else (1, 3)
    for place in places:
        if place < len(parts) and 0 < len(parts[place]) < LEAST:
            parts[place] += MORE
    if arn.service == "s3" and parts[1:] == [""]:  # an object's name has a letter at least
        parts[1] = MORE
    longer = ":".join(arn._replace(resource="/".join(parts)))
    return attempt if longer == attempt.resource else replace(attempt, resource=longer)
