"""An answer of the gateway as it comes in, whole or part by part."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answered:
    """What came back, whole or so far; `more` waits for the next part."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_over: bool = False
    started: asyncio.Event = field(default_factory=asyncio.Event)
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)
    hang_up: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_stream(self) -> bool:
        return self.headers.get("content-type") == "text/event-stream"

    @property
    def messages(self) -> list[Any]:
        """The JSON-RPC messages of the answer, in order."""
        if not self.is_stream:
            return [self.json] if self.body else []
        events = self.body.decode().split("\r\n\r\n")
        lines = [line for event in events for line in event.split("\r\n")]
        return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]

    @property
    def code(self) -> str:
        """Our code of what went wrong, wherever it stands."""
        last = self.messages[-1]
        return str(last["error"]["data"]["code"] if "error" in last else last["code"])

    @property
    def number(self) -> int:
        return int(self.messages[-1]["error"]["code"])

    @property
    def result(self) -> Any:
        assert self.status == 200, self
        return self.messages[-1]["result"]

    async def until(self, count: int) -> list[Any]:
        """Wait until there are `count` messages of a stream."""
        async with asyncio.timeout(5), self.grown:
            await self.grown.wait_for(lambda: len(self.messages) >= count or self.is_over)
        return self.messages

    async def over(self) -> None:
        """Wait until the gateway is done with it."""
        assert self.task is not None
        await asyncio.wait_for(self.task, 5)
