"""The use cases: open, hand out, rotate, end, revoke, show. Ports name what they need."""

from valetkey.broker.admission import admit_run
from valetkey.broker.authenticate import authenticate, identify
from valetkey.broker.broker import Broker, milliseconds
from valetkey.broker.errors import BrokerError, SubjectRejected
from valetkey.broker.finish import end_own_run, end_run, revoke_run
from valetkey.broker.inspect import find_own_run, find_run, list_runs
from valetkey.broker.new_run import Opened
from valetkey.broker.open import OpenRequest, open_run
from valetkey.broker.outcomes import (
    FinishOutcome,
    OpenOutcome,
    OpenVerdict,
    TokenUse,
    UseOutcome,
)
from valetkey.broker.own_run import LOCAL_ACCOUNT, open_own_run
from valetkey.broker.policy import Policy, make_policy
from valetkey.broker.rotate import Rotated, rotate_token
from valetkey.broker.vend import HandOut, hand_out

__all__ = [
    "LOCAL_ACCOUNT",
    "Broker",
    "BrokerError",
    "FinishOutcome",
    "HandOut",
    "OpenOutcome",
    "OpenRequest",
    "OpenVerdict",
    "Opened",
    "Policy",
    "Rotated",
    "SubjectRejected",
    "TokenUse",
    "UseOutcome",
    "admit_run",
    "authenticate",
    "end_own_run",
    "end_run",
    "find_own_run",
    "find_run",
    "hand_out",
    "identify",
    "list_runs",
    "make_policy",
    "milliseconds",
    "open_own_run",
    "open_run",
    "revoke_run",
    "rotate_token",
]
