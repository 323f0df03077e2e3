"""`POST /v1/decisions` of the sidecar: the question as it came, with the run token put in."""

import json

from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.gateway_door import GatewayDoor


def decided(body: bytes, door: GatewayDoor | None) -> tuple[int, bytes]:
    """Return the status and the JSON body of the broker's answer, or why there is none.

    Raises nothing. None but a 200 is a decision: whoever gets another status must not go on.
    """
    if door is None:
        return _problem(404, SandboxError("decisions-need-broker", "this run has no broker"))
    try:
        return door.decide(body)
    except ValetkeyError as error:
        return _problem(503, error)
    except Exception:  # noqa: BLE001 - whatever it is, who asks gets a no
        return _problem(500, SandboxError("internal-error", "the sidecar failed"))


def _problem(status: int, error: ValetkeyError) -> tuple[int, bytes]:
    problem: dict[str, object] = {
        "type": f"urn:valetkey:problem:{error.code}",
        "title": error.message,
        "status": status,
        "code": error.code,
    }
    if error.hint is not None:
        problem["hint"] = error.hint
    return status, json.dumps(problem).encode()
