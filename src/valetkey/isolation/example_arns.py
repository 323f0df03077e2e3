"""Plain ARNs of the kinds that an action is checked on: a witness should read as a request."""

from collections.abc import Iterator

from valetkey.iam.arn import split_arn
from valetkey.isolation.formula import Assignment
from valetkey.isolation.places_of_data import REST, located
from valetkey.isolation.problem import Place
from valetkey.tenancy.catalog import known_action

ANY = "*"
_SOME = {
    "cloudformation": ":stack/some/*",
    "ec2": ":instance/i-0123456789abcdef0",
    "ecr": ":repository/some",
    "ecs": ":task/some/0123456789abcdef0123456789abcdef",
    "events": ":event-bus/some",
    "kinesis": ":stream/some",
    "logs": ":log-group:/some:*",
    "sns": ":some",
    "states": ":stateMachine:some",
}
"""What follows the account in the ARN of a resource of such a service, region before it."""


def example_arns(action: str, place: Place, role_arn: str) -> Iterator[str]:
    """Yield plain resources on which AWS checks the action at the place, `*` where it checks it
    on none; nothing where we know none.
    """
    known = known_action(action)
    for shape in known.shapes if known else ():
        at = located(place, shape, action=action, role_arn=role_arn)
        if at is not None:
            yield Assignment({REST.name: at.example}, {}).fill(at.resource)
    if known is not None or place.arn is not None:
        return
    service = action.partition(":")[0]
    role = split_arn(role_arn)
    partition, account = (role.partition, role.account) if role else ("aws", "")
    if service in _SOME:
        yield f"arn:{partition}:{service}:eu-west-1:{account}{_SOME[service]}"
    elif service == "iam":
        yield role_arn
    yield ANY
