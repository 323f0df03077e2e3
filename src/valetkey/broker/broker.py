"""The broker: what every use case stands on. It decides nothing and does no I/O of its own."""

from dataclasses import dataclass, field

from valetkey.audit import BrokerStarted
from valetkey.broker.draws import Draw
from valetkey.broker.holdings import Holdings
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.broker.policy import Compile, Policy, read_policy
from valetkey.broker.ports import (
    Clock,
    Directory,
    Entropy,
    KeySource,
    SecurityTokenService,
    Store,
)
from valetkey.broker.tool_terms import ToolMemory, ToolTerms
from valetkey.identity import Issuer, TrustRule
from valetkey.runs import Run, TagTemplate

MAX_KNOWN_RUNS = 10_000
"""About 4 kB each; the oldest is read again from the store when it next asks."""
MAX_NEW_RUNS = 256
"""Opened here and not used yet: a sandbox that starts now asks within seconds."""

MAX_POLICIES = 64
"""Some megabytes each where there are many tools; the oldest is read again when a run asks."""


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run as the store last told it, and what it draws by the grants it has used."""

    run: Run
    draws: dict[str, Draw] = field(default_factory=dict)


@dataclass(slots=True)
class ActivePolicy:
    """The policy that somebody activated since this broker started, as far as it has heard."""

    policy: Policy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Configuration and ports. Immutable, but for what it remembers of policies and credentials.

    `run_seconds` is a run's life when the actor asks for none; `max_run_seconds` the longest.
    """

    issuers: tuple[Issuer, ...]
    rules: tuple[TrustRule, ...]
    templates: tuple[TagTemplate, ...]
    policy: Policy
    """What this broker is configured with: new runs are under it unless another is activated."""
    run_seconds: int
    max_run_seconds: int
    store: Store
    keys: KeySource
    sts: SecurityTokenService
    clock: Clock
    entropy: Entropy
    own: OwnIssuer | None = None
    """valetkey as an issuer; None where no grant needs a token of its own."""
    directory: Directory | None = None
    """Where subjects are looked up when a run is opened; None where claims say enough."""
    tools: ToolTerms | None = None
    """What the tool gateway is to its callers; None where no tools are configured."""
    compile_tools: Compile | None = None
    """Makes a stored version's tools ready to decide. None: runs of a version with tools are not
    served here."""
    holdings: Holdings = field(default_factory=Holdings)
    policies: dict[str, Policy] = field(default_factory=dict)
    known: dict[str, KnownRun] = field(default_factory=dict)
    new_runs: dict[str, Run] = field(default_factory=dict)
    tool_memory: ToolMemory = field(default_factory=ToolMemory)
    active: ActivePolicy = field(default_factory=ActivePolicy)

    async def start(self, *, program: str, config_digest: str) -> None:
        """Put the issuers' names, the policy of new runs and the start itself on record.

        Nothing is served before. A name that stood for another issuer is refused: it is in tags.
        """
        await self.store.put_issuers({issuer.name: issuer.url for issuer in self.issuers})
        await self.store.put_policy(self.policy.version, self.policy.document)
        await self.store.append(
            BrokerStarted(
                at=milliseconds(self.clock()),
                program=program,
                config_digest=config_digest,
                policy_version=self.policy.version,
            )
        )

    async def run(self, run_id: str) -> KnownRun | None:
        """Return the run for its token, tags and grants; its state may be out of date.

        Whether it is open is asked of the store, in the transaction that writes the record.
        """
        known = self.known.get(run_id)
        if known is None:
            run = self.new_runs.pop(run_id, None) or await self.store.run(run_id)
            if run is None:
                return None
            if len(self.known) >= MAX_KNOWN_RUNS:
                del self.known[next(iter(self.known))]
            known = self.known[run_id] = KnownRun(run)
        return known

    def note_opened(self, run: Run) -> None:
        """Remember a run whose opening is durable, so that its first use need not read it."""
        if len(self.new_runs) >= MAX_NEW_RUNS:
            del self.new_runs[next(iter(self.new_runs))]
        self.new_runs[run.id] = run

    def forget(self, run_id: str) -> None:
        """Drop what is remembered of a run: it changed, or it is over."""
        self.known.pop(run_id, None)
        self.new_runs.pop(run_id, None)
        self.holdings.forget(run_id)
        self.tool_memory.forget(run_id)

    @property
    def opening(self) -> Policy:
        """The policy that new runs are opened under, as far as this broker has heard."""
        return self.active.policy or self.policy

    async def follow(self, version: str) -> bool:
        """Open new runs under a version that was activated; False where it can't be read here."""
        policy = await self.policy_named(version)
        if policy is not None:
            self.active.policy = policy
        return policy is not None

    async def policy_of(self, run: Run) -> Policy | None:
        """Return the policy that the run is under, or None: then it is not served."""
        return await self.policy_named(run.policy_version)

    async def policy_named(self, version: str) -> Policy | None:
        """Return a version's policy; None for one that is not stored, or that we can't keep."""
        if version == self.policy.version:
            return self.policy
        known = self.policies.get(version)
        if known is not None:
            return known
        document = await self.store.policy(version)
        stored = None if document is None else read_policy(version, document, self.compile_tools)
        if stored is None:
            return None
        if len(self.policies) >= MAX_POLICIES:
            del self.policies[next(iter(self.policies))]
        self.policies[version] = stored
        return stored


def milliseconds(now: float) -> int:
    """Return an instant as audit records have it."""
    return int(now * 1000)
