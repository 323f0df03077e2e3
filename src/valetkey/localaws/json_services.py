"""The services behind the JSON protocols: one row each, and nothing else to add one."""

import time
from collections.abc import Callable, Mapping

from valetkey.localaws.dynamodb_service import TableService
from valetkey.localaws.faults import Service
from valetkey.localaws.json_protocol import JsonService
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.secrets_service import SecretService
from valetkey.localaws.sqs_queues import Queues
from valetkey.localaws.sqs_service import QueueService
from valetkey.localaws.ssm_service import ParameterService
from valetkey.localaws.storage import Storage


def json_services(
    storage: Storage,
    policies: ResourcePolicies,
    *,
    endpoint: Callable[[], str],
    clock: Callable[[], float] = time.time,
) -> Mapping[Service, JsonService]:
    """Return what answers for each service.

    `endpoint` is where the local AWS listens, `clock` gives Unix seconds.
    """
    return {
        Service.DYNAMODB: TableService(storage, policies),
        Service.SECRETSMANAGER: SecretService(storage, policies, clock),
        Service.SSM: ParameterService(storage, clock),
        Service.SQS: QueueService(storage, policies, Queues(storage, endpoint)),
    }
