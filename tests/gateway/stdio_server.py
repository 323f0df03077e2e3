"""A small MCP server over stdio, started as a process. Its first argument is its revision, or
`both`; the second, if any, how it misbehaves. Standard library alone, so that it starts fast.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

LEGACY = "2025-11-25"
MODERN = "2026-07-28"
TOOLS = [{"name": "echo", "description": "again", "inputSchema": {"type": "object"}}]


def send(message: dict[str, Any]) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def call(message: dict[str, Any]) -> None:
    asked = message["params"]["name"]
    if asked == "environment":
        answer: Any = {
            "environment": dict(os.environ),
            "folder": str(Path.cwd()),
            "pid": os.getpid(),
        }
    elif asked == "crash":
        print("I die: \x1b[31m" + os.environ.get("SECRET", ""), file=sys.stderr, flush=True)
        sys.exit(3)
    elif asked == "child":
        child = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL)
        answer = {"child": child.pid}
    elif asked == "never":
        return
    elif asked == "huge":
        answer = "x" * 100_000
    elif asked == "garbage":
        print('{"jsonrpc": 5', flush=True)
        return
    elif asked == "flood":
        for _ in range(20_000):
            send({"method": "notifications/message", "params": {"data": "again"}})
        answer = "done"
    elif asked == "ask":
        send({"id": "q1", "method": "roots/list"})
        answer = json.loads(sys.stdin.readline())
    elif asked == "progress":
        token = message["params"]["_meta"]["progressToken"]
        send({"method": "notifications/progress", "params": {"progressToken": token}})
        answer = "done"
    else:
        answer = message["params"]
    send({"id": message["id"], "result": {"said": answer}})


def serve(revision: str) -> None:
    print("a banner that is no message", flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        method, ours = message.get("method"), message.get("id")
        if method == "server/discover" and revision != LEGACY:
            said = {"supportedVersions": [MODERN], "capabilities": {}}
            send({"id": ours, "result": said})
        elif method == "initialize" and revision != MODERN:
            info = {"name": "stdio", "version": "1"}
            said = {"protocolVersion": LEGACY, "capabilities": {}, "serverInfo": info}
            send({"id": ours, "result": said})
        elif method == "tools/list":
            send({"id": ours, "result": {"tools": TOOLS}})
        elif method == "tools/call":
            call(message)
        elif ours is not None and method is not None:
            send({"id": ours, "error": {"code": -32601, "message": "unknown"}})


if __name__ == "__main__":
    if "stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    serve(sys.argv[1])
    while "stubborn" in sys.argv:
        time.sleep(1)
