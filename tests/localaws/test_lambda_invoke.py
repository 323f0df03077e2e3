"""What a registered function does with an invocation, and what becomes of it."""

import json
import os
import sys
import threading
from typing import Any

import botocore.config
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.localaws.world import World
from valetkey.localaws import Invocation, LocalAws


def told(answer: Any) -> Any:
    """Return what an invocation answered."""
    return json.loads(answer["Payload"].read())


class MuteError(Exception):
    """An error that can't say what it is."""

    def __str__(self) -> str:
        raise ValueError


def mute(*_: Any) -> None:
    """Fail without a word."""
    raise MuteError


def test_functions_may_wait_for_each_other_however_deep(world: World) -> None:
    client = world.client("lambda")
    deep = (os.cpu_count() or 1) + 8  # more than a pool of threads has by default

    def answer(event: Any, invocation: Invocation) -> Any:
        if event == 0:
            return 0
        payload = json.dumps(event - 1)
        return 1 + told(client.invoke(FunctionName="calls-itself", Payload=payload))

    world.aws.add_function("calls-itself", answer)
    assert told(client.invoke(FunctionName="calls-itself", Payload=str(deep))) == deep


def test_a_function_that_outlasts_the_local_aws_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, wait = threading.Event(), threading.Event()
    problems: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", problems.append)

    def answer(event: Any, invocation: Invocation) -> Any:
        begun.set()
        wait.wait(10)

    def invoke(client: Any) -> None:
        with pytest.raises((BotoCoreError, ClientError)):
            client.invoke(FunctionName="slow")

    with LocalAws() as aws:
        aws.add_function("slow", answer)
        once = botocore.config.Config(retries={"total_max_attempts": 1})
        client = aws.session().client("lambda", config=once)
        call = threading.Thread(target=invoke, args=(client,))
        call.start()
        assert begun.wait(10)
    wait.set()
    call.join(10)
    for thread in threading.enumerate():
        if thread.name == "valetkey-localaws-work":
            thread.join(10)
    client.close()
    assert problems == []


@pytest.mark.parametrize(
    "problem",
    [
        lambda *_: sys.exit(3),
        lambda *_: pytest.fail("not to be called"),
        mute,
        lambda *_: 1 / 0,
        lambda *_: object(),
        lambda *_: float("nan"),
    ],
)
def test_a_function_that_fails_is_an_answer_that_says_so(world: World, problem: Any) -> None:
    name = f"fails-{id(problem)}"
    world.aws.add_function(name, problem)
    found = world.client("lambda").invoke(FunctionName=name)
    assert found["StatusCode"] == 200 and found["FunctionError"] == "Unhandled"
    assert set(told(found)) == {"errorMessage", "errorType"}
