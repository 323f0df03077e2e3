"""How fast one core decides, beside `json.loads` of the same requests in the same run.

The role is what a tenant's session has: seven statements with variables, set operators and two
Denies; the requests are the owner's and a stranger's. Every row takes its turn in each round, so
that a noisy machine is noisy to all of them, and its best round counts. The ratio is what matters.

    python bench/iam.py [--json] [--rounds N]
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from valetkey.iam import Layer, Policies, Policy, Principal, PrincipalKind, Request
from valetkey.iam.evaluate import evaluate
from valetkey.iam.explain import explain
from valetkey.iam.parse import parse_policy
from valetkey.iam.record import answer_line, read_record

ACCOUNT = "111122223333"
REGION = "eu-west-1"
RUN = "run_01jd4z8v7q3kfw2m9x5t6b8c0e"
NOW = "2026-11-21T08:00:00Z"
NAME = "identity[0]"
TURN = 0.002  # seconds, about: shorter than a scheduler's slice

Json = dict[str, Any]


class Row:
    """Something done to each of `values`, and to all of them as often as fits into a turn."""

    def __init__(self, name: str, act: Callable[[Any], object], values: Sequence[object]) -> None:
        self.name = name
        self._act = act
        self._values = list(values)
        self.turn()  # what is remembered is warm
        self._values *= max(1, int(TURN / self.turn() / len(values)))

    def turn(self) -> float:
        """Do it to all, and return the seconds that one took."""
        act, values = self._act, self._values
        started = time.perf_counter()
        for value in values:
            act(value)
        return (time.perf_counter() - started) / len(values)


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: the best time of one, in microseconds, and how many times the baseline's."""

    name: str
    microseconds: float
    of_json_loads: float


def statement(effect: str, actions: str, resources: Sequence[str], condition: Json | None) -> Json:
    """One statement of the role."""
    whole = {"Effect": effect, "Action": actions.split(), "Resource": resources}
    return whole if condition is None else {**whole, "Condition": condition}


def role() -> str:
    """The permission policy of a session role, as JSON text."""
    rows = "dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:Query"
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/TaskEvents"
    own = {"aws:ResourceTag/user_id": "${aws:PrincipalTag/user_id}"}
    tagged = [f"arn:aws:{kind}:{REGION}:{ACCOUNT}:*" for kind in ("sqs", "secretsmanager")]
    statements = [
        statement(
            "Allow",
            rows,
            [table, f"{table}/index/*"],
            {
                "ForAllValues:StringEquals": {
                    "dynamodb:LeadingKeys": "${aws:PrincipalTag/task_id}"
                },
                "Null": {"dynamodb:LeadingKeys": "false"},
            },
        ),
        statement(
            "Allow",
            "s3:GetObject s3:PutObject",
            ["arn:aws:s3:::trace-artifacts/traces/${aws:PrincipalTag/user_id}/*"],
            None,
        ),
        statement(
            "Allow",
            "s3:ListBucket",
            ["arn:aws:s3:::trace-artifacts"],
            {"StringLike": {"s3:prefix": "traces/${aws:PrincipalTag/user_id}/*"}},
        ),
        statement(
            "Allow",
            "sqs:SendMessage sqs:ReceiveMessage secretsmanager:GetSecretValue",
            tagged,
            {"StringEquals": own},
        ),
        statement(
            "Allow",
            "kms:Decrypt kms:GenerateDataKey",
            [f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
            {"StringEquals": {"kms:ViaService": [f"s3.{REGION}.amazonaws.com"]}},
        ),
        statement("Deny", "*", ["*"], {"Null": {"aws:PrincipalTag/user_id": "true"}}),
        statement(
            "Deny",
            "*",
            ["*"],
            {"StringNotEquals": {"aws:SourceIdentity": "${aws:PrincipalTag/valetkey_run}"}},
        ),
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def records() -> list[Json]:
    """Fifteen requests of user `u1`, for its own data and for `u2`'s: eight are allowed, six
    implicitly denied, one by a Deny.
    """
    queue, secret, key, table = (
        f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"
        for service, name in (
            ("sqs", "tasks"),
            ("secretsmanager", "secret:billing-a1b2c3"),
            ("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab"),
            ("dynamodb", "table/TaskEvents"),
        )
    )
    bucket = "arn:aws:s3:::trace-artifacts"
    via = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
    asked: list[tuple[str, str, Json]] = [
        ("dynamodb:GetItem", table, {"dynamodb:LeadingKeys": ["t-4711"]}),
        ("dynamodb:Query", f"{table}/index/by-day", {"dynamodb:LeadingKeys": ["t-4711"]}),
        ("dynamodb:Query", table, {"dynamodb:LeadingKeys": ["t-4711", "t-4712"]}),
        ("dynamodb:Scan", table, {}),
        ("s3:GetObject", f"{bucket}/traces/u1/2026/11/21/trace.json", {}),
        ("s3:PutObject", f"{bucket}/traces/u1/2026/11/21/trace.json", {}),
        ("s3:GetObject", f"{bucket}/traces/u2/2026/11/21/trace.json", {}),
        ("s3:ListBucket", bucket, {"s3:prefix": "traces/u1/2026/"}),
        ("s3:ListBucket", bucket, {"s3:prefix": "traces/u2/"}),
        ("sqs:SendMessage", queue, {"aws:ResourceTag/user_id": "u1"}),
        ("secretsmanager:GetSecretValue", secret, {"aws:ResourceTag/user_id": "u1"}),
        ("secretsmanager:GetSecretValue", secret, {"aws:ResourceTag/user_id": "u2"}),
        ("kms:Decrypt", key, via),
        ("kms:Decrypt", key, {}),
        ("s3:GetObject", f"{bucket}/traces/u1/k", {"aws:SourceIdentity": "run_of_another"}),
    ]
    return [
        record(index, action, resource, context)
        for index, (action, resource, context) in enumerate(asked)
    ]


def record(index: int, action: str, resource: str, context: Json) -> Json:
    """One request as `valetkey iam evaluate` reads it, without its policies."""
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/AgentTenantData/vk-{RUN}"
    tags = {"user_id": "u1", "repo": "org/app", "task_id": "t-4711", "valetkey_run": RUN}
    return {
        "id": str(index),
        "principal": {"arn": session, "tags": tags},
        "action": action,
        "resource": resource,
        "resource_account": ACCOUNT,
        "context": {
            "aws:SourceIdentity": RUN,
            "aws:SecureTransport": "true",
            "aws:RequestedRegion": REGION,
            **context,
        },
        "now": NOW,
    }


def rebuilt(request: Request) -> Request:
    """The request and its principal made anew from the same values."""
    old = request.principal
    principal = Principal(PrincipalKind.ARN, old.name, tags=old.tags)
    return Request(
        principal,
        request.action,
        request.resource,
        resource_account=request.resource_account,
        context=request.context,
        now=request.now,
    )


def compiled(text: str) -> Policy:
    """The role's policy, parsed."""
    return parse_policy(text, name=NAME, layer=Layer.IDENTITY)


def rows() -> list[Row]:
    """Every row, the baseline first."""
    text = role()
    policies = Policies(identity=(compiled(text),))
    bare = records()
    requests = [read_record({**one, "policies": {}})[0] for one in bare]
    lines = [json.dumps({**one, "policies": {"identity": [json.loads(text)]}}) for one in bare]
    decide = partial(evaluate, policies=policies)
    return [
        Row("json.loads of the request", json.loads, [json.dumps(one) for one in bare]),
        Row("evaluate", decide, requests),
        Row("Request and Principal", rebuilt, requests),
        Row("both", lambda request: decide(rebuilt(request)), requests),
        Row("explain", partial(explain, policies=policies), requests),
        Row("json.loads of the line with its role", json.loads, lines),
        Row("answer_line of that", answer_line, lines),
        Row("parse_policy of the role", compiled, [text] * len(bare)),
        Row(
            "parse_policy and evaluate",
            lambda request: evaluate(request, Policies(identity=(compiled(text),))),
            requests,
        ),
    ]


def measured(rounds: int) -> list[Figure]:
    """Measure every row `rounds` times, in turns; the best of each counts."""
    listed = rows()
    best = [float("inf")] * len(listed)
    for _ in range(rounds):
        for index, row in enumerate(listed):
            best[index] = min(best[index], row.turn())
    return [
        Figure(row.name, took * 1e6, took / best[0]) for row, took in zip(listed, best, strict=True)
    ]


def main() -> None:
    """Measure and print a table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rounds", type=int, default=200, help="turns of each row")
    options = parser.parse_args()
    figures = measured(options.rounds)
    if options.json:
        print(json.dumps([asdict(figure) for figure in figures]))
        return
    print(f"{'':37}{'µs':>9}{'a second':>11}{'× json':>9}")
    for figure in figures:
        took = figure.microseconds
        print(f"{figure.name:37}{took:9.2f}{1e6 / took:11,.0f}{figure.of_json_loads:9.2f}")


if __name__ == "__main__":
    main()
