"""Queues, secrets, parameters and functions of a seed have what it says."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.localaws.seeds import DENY_PUTS, seed, sown
from tests.localaws.world import ACCOUNT, REGION, code_of
from valetkey.localaws import LocalAws


def test_queues_have_what_the_seed_says() -> None:
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
    jobs = {
        "name": "jobs", "attributes": {"VisibilityTimeout": 5}, "tags": {"tenant": "a"},
        "messages": ["one", {"body": "two", "attributes": {"k": "v"}}],
        "policy": {**DENY_PUTS, "Action": "sqs:SendMessage", "Resource": arn},
    }  # fmt: skip
    ordered = {
        "name": "ordered.fifo",
        "attributes": {"ContentBasedDeduplication": True},
        "messages": [{"body": "first", "group": "g"}],
    }
    aws = LocalAws()
    try:
        made = aws.seed(seed(queues=[jobs, ordered]))
        aws.start()
        url = made.made["queue"]["jobs"]
        assert url == f"{aws.endpoint}/{ACCOUNT}/jobs"
        sqs = aws.session().client("sqs")
        found = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )["Messages"]
        assert sorted(one["Body"] for one in found) == ["one", "two"]
        assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"tenant": "a"}
        with pytest.raises(ClientError) as caught:
            sqs.send_message(QueueUrl=url, MessageBody="three")
        assert "AccessDenied" in code_of(caught.value)
        there = sqs.receive_message(QueueUrl=made.made["queue"]["ordered.fifo"])["Messages"]
        assert [one["Body"] for one in there] == ["first"]
    finally:
        aws.stop()


def test_secrets_and_parameters_have_what_the_seed_says() -> None:
    secrets = [
        {"name": "a/db", "value": {"password": "p"}, "tags": {"tenant": "a"}},
        {"name": "b/token", "value": "env:TOKEN", "description": "of b"},
    ]
    parameters = [{"name": "/a/url", "value": "https://example.com", "tags": {"tenant": "a"}}]
    with sown(seed({"TOKEN": "t"}, secrets=secrets, parameters=parameters)) as aws:
        client = aws.session().client("secretsmanager")
        text = client.get_secret_value(SecretId="a/db")["SecretString"]
        assert json.loads(text) == {"password": "p"}
        assert client.get_secret_value(SecretId="b/token")["SecretString"] == "t"
        ssm = aws.session().client("ssm")
        assert ssm.get_parameter(Name="/a/url")["Parameter"]["Value"] == "https://example.com"


def test_functions_answer_what_the_seed_says() -> None:
    functions = [{"name": "price", "answer": {"eur": 7}, "tags": {"tenant": "a"}}]
    with sown(seed(functions=functions)) as aws:
        answer = aws.session().client("lambda").invoke(FunctionName="price", Payload=b"{}")
        assert json.loads(answer["Payload"].read()) == {"eur": 7}
