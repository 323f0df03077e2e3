"""Callers that open runs and draw credentials as fast as they can, until nobody answers."""

import http.client
import json
import random
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Acknowledged:
    """What the broker's answers said was done. An answer that was cut off is not in it."""

    tokens: dict[str, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    hand_outs: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class Load:
    """Some callers at one broker, for the length of a block; they stop when it is gone."""

    def __init__(self, port: int, said: Acknowledged, *, actor: Path, subjects: list[str]) -> None:
        self._port, self._said = port, said
        self._actor, self._subjects = actor.read_text(), subjects
        self._threads = [
            threading.Thread(target=self._work, args=(random.Random(seed),), daemon=True)
            for seed in range(4)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _work(self, choices: random.Random) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            while True:
                run_id = self._open(connection, choices.choice(self._subjects))
                # An old run, too: what was opened before a kill is served after it.
                for each in {run_id, choices.choice(list(self._said.tokens))}:
                    self._draw(connection, each)
                if choices.random() < 0.3:
                    self._end(connection, run_id)
        except (OSError, http.client.HTTPException, ValueError):
            return  # the broker is gone: what it had not said whole, it had not said
        finally:
            connection.close()

    def _open(self, connection: http.client.HTTPConnection, subject: str) -> str:
        status, said = _call(
            connection,
            "POST",
            "/v1/runs",
            bearer=f"Bearer {self._actor}",
            body=json.dumps({"subject_token": subject}),
        )
        if status != 201:
            self._said.refused.append(f"open: {said}")
            raise ValueError
        run_id: str = said["run"]["id"]
        self._said.tokens[run_id] = said["run_token"]
        return run_id

    def _draw(self, connection: http.client.HTTPConnection, run_id: str) -> None:
        was_ended = run_id in self._said.ended
        token = self._said.tokens[run_id]
        status, said = _call(connection, "GET", "/v1/credentials/tenant-data", bearer=token)
        if status == 200:
            self._said.hand_outs.append((run_id, said["AccessKeyId"]))
            if was_ended:
                self._said.refused.append(f"an ended run was served: {run_id}")
        elif said.get("code") != "run-ended":
            self._said.refused.append(f"draw: {said}")

    def _end(self, connection: http.client.HTTPConnection, run_id: str) -> None:
        token = self._said.tokens[run_id]
        status, _ = _call(connection, "DELETE", "/v1/runs/self", bearer=f"Bearer {token}")
        if status == 204:
            self._said.ended.add(run_id)


def _call(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    *,
    bearer: str,
    body: str | None = None,
) -> tuple[int, dict[str, Any]]:
    connection.request(method, target, body=body, headers={"Authorization": bearer})
    answer = connection.getresponse()
    said = answer.read()
    return answer.status, json.loads(said) if said else {}
