"""
Values: what the operator's view answers with; each is the JSON of one route, and its schema.

Promise: plain frozen data, the same over HTTP, in `--json` and in the OpenAPI document. Times are wall-clock seconds.
"""

from collections.abc import Mapping

from attrs import frozen

from xl2.core.types import Address, Assurance, BlockNumber, ChainId, Hash32, MessageId, Nonce, Timestamp, Wei


@frozen(kw_only=True)
class Health:
    """The process answers."""

    alive: bool
    version: str
    #: When it started.
    started: float


@frozen(kw_only=True)
class Check:
    """One thing that was looked at."""

    what: str
    ok: bool
    #: What was found.
    said: str
    #: What to do; empty where nothing is.
    remedy: str = ""


@frozen(kw_only=True)
class Readiness:
    """Whether the relayer can work, and what is not as it should be."""

    ready: bool
    checks: tuple[Check, ...]


@frozen(kw_only=True)
class AlarmStanding:
    """Something that a person should look at, and that is not over."""

    kind: str
    #: What, where, with which value, and what to do.
    what: str
    #: Since when; null where nobody noted it.
    since: float | None
    #: Short name of the lane, id of the chain and name of the endpoint, where it is about one.
    lane: str | None
    chain: ChainId | None
    endpoint: str | None
    ids: tuple[MessageId, ...]
    #: Wei at stake, where that is known.
    value: Wei | None
    #: The page for whoever is called by it.
    runbook: str


@frozen(kw_only=True)
class StandingAlarms:
    """What is alarmed now."""

    alarms: tuple[AlarmStanding, ...]


@frozen(kw_only=True)
class ChainReading:
    """What a chain says of itself, and of the accounts there that pay and earn."""

    chain: ChainId
    #: Its name in the configuration.
    name: str
    #: Newest block by finality, and the age of the newest.
    heads: Mapping[str, int]
    head_age_seconds: float
    #: Who pays for gas, and what he has.
    account: str
    balance: int
    #: Who earns fees here, what he has, and what he may claim at the outbox; null where there is none.
    earner: str | None
    earner_balance: int
    claimable: int
    #: Nonces signed and not included, as far as the store and the chain know.
    open_nonces: int


@frozen(kw_only=True)
class Chains:
    """Chains as they were read last; none while no relayer runs."""

    chains: tuple[ChainReading, ...]


@frozen(kw_only=True)
class OpenTransaction:
    """A nonce that is signed and not known to be used."""

    chain: ChainId
    #: Its name in the configuration.
    name: str
    account: Address
    tx_nonce: int
    #: What it is for.
    what: str
    #: The newest attempt, how many there were, and what the newest offers for gas.
    tx_hash: Hash32
    attempts: int
    max_fee: Wei


@frozen(kw_only=True)
class OpenTransactions:
    """What is signed and not known to be included, by chain, account and nonce."""

    transactions: tuple[OpenTransaction, ...]


@frozen(kw_only=True)
class Paused:
    """Why a lane is paused."""

    why: str
    since: float
    #: Who paused it; `incident` where the relayer did itself.
    by: str


@frozen(kw_only=True)
class LaneStanding:
    """A lane, and how its messages stand."""

    #: The 57 bytes of the lane.
    lane: bytes
    #: Its short name, where lanes are asked for: origin, destination and class.
    name: str
    #: The chains' names in the configuration, and the class.
    words: str
    origin: ChainId
    destination: ChainId
    assurance: Assurance
    outbox: Address
    inbox: Address
    #: Whether this very process carries it.
    carried: bool
    #: How many messages stand in each state.
    states: Mapping[str, int]
    #: How many of them are not over.
    pending: int
    #: Since when the oldest of those stands in its state.
    oldest_pending: float | None
    paused: Paused | None


@frozen(kw_only=True)
class Lanes:
    """Every lane that is carried, has messages, or is paused."""

    lanes: tuple[LaneStanding, ...]


@frozen(kw_only=True)
class MessageStanding:
    """A message, and what the relayer believes of it."""

    id: MessageId
    #: Short name of its lane.
    lane: str
    nonce: Nonce
    sender: Address
    recipient: Address
    gas_limit: int
    #: On the destination's clock; 0: never.
    expiry: Timestamp
    fee: Wei
    state: str
    #: Since when the state holds, or it waits for delivery, and when it is looked at again.
    since: float
    due: float
    #: What was tried in vain since then; to wait for a chain or an endpoint is no attempt.
    attempts: int
    #: Why it is not further; empty while nothing holds it up.
    cause: str
    #: Why it is left out, by the operator's word; empty while it is not.
    skipped: str
    #: Where it was sent.
    tx_hash: Hash32
    block: BlockNumber


@frozen(kw_only=True)
class Messages:
    """A page of messages, by lane and nonce."""

    messages: tuple[MessageStanding, ...]
    #: Where the next page begins (`after`); null on the last.
    next: str | None


@frozen(kw_only=True)
class Passed:
    """A change of a message's state."""

    event: str
    state: str
    when: float
    chain: ChainId
    tx_hash: Hash32 | None
    block: BlockNumber | None


@frozen(kw_only=True)
class Message:
    """All that is known of one message."""

    message: MessageStanding
    payload: bytes
    steps: tuple[Passed, ...]


@frozen(kw_only=True)
class Fact:
    """Something that an explanation rests on."""

    name: str
    said: str


@frozen(kw_only=True)
class Explained:
    """Why a message is not further: what the chains say now, and what the relayer means to do."""

    id: MessageId
    state: str
    #: One sentence.
    cause: str
    #: Since when, on the clock of the chain where the state was reached.
    since: float | None
    #: What would move it, and who can do that.
    unblocks: str
    #: When the relayer looks again; null where it does not.
    next_attempt: float | None
    attempts: int
    facts: tuple[Fact, ...]


@frozen(kw_only=True)
class Done:
    """An order that was carried out; it holds from the relayer's next look on."""

    done: str


@frozen(kw_only=True)
class Mistake:
    """What went wrong, as `xl2.errors` has it."""

    #: Name of the error.
    code: str
    what: str
    remedy: str


@frozen(kw_only=True)
class Problem:
    """Why a request was not answered."""

    error: Mistake
