"""The IAM policy language: parse, match, conditions, evaluate, explain."""

from valetkey.iam.decision import Decision, Effect, NearMiss, StatementRef
from valetkey.iam.errors import PolicyError, RecordError, RequestError
from valetkey.iam.evaluate import evaluate
from valetkey.iam.explain import explain
from valetkey.iam.parse import parse_policy
from valetkey.iam.policies import Policies
from valetkey.iam.policy import Layer, Policy
from valetkey.iam.principal import Principal, PrincipalKind
from valetkey.iam.request import Request
from valetkey.iam.variables import ContextValue

__all__ = [
    "ContextValue",
    "Decision",
    "Effect",
    "Layer",
    "NearMiss",
    "Policies",
    "Policy",
    "PolicyError",
    "Principal",
    "PrincipalKind",
    "RecordError",
    "Request",
    "RequestError",
    "StatementRef",
    "evaluate",
    "explain",
    "parse_policy",
]
