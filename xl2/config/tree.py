"""
Tree: the settings of one configuration, as frozen values.

In: what `load` read and structured. Out: chains, tokens, keys and the settings of the processes. Promise: a tree that
exists is consistent (every name in it is defined in it), and no secret shows in its `repr`. Where the values came from
is left to `load`.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import evolve, field, frozen

from xl2.config import chain as chain_rules
from xl2.config import keys as key_rules
from xl2.config import watcher as watcher_rules
from xl2.config.chain import Chain, Verifier
from xl2.config.complaint import Complaints, has_host, no_chain
from xl2.config.floors import Floors
from xl2.config.keys import Key
from xl2.config.listen import wrong_with
from xl2.config.policy import RelayerPolicy, policy_complaints
from xl2.config.secret import Secret
from xl2.config.watcher import Watcher
from xl2.core.message import GWEI
from xl2.core.types import ZERO_ADDRESS, Address, Assurance, BlockNumber, ChainId, Wei, address, checksum
from xl2.errors import NotFound
from xl2.ports import LONGEST_LEASE_SECONDS, ChainSettings, VerifierSettings


@frozen(kw_only=True)
class TokenPlace:
    """A token on one chain, and the bridge that moves it from there."""

    token: Address
    bridge: Address


@frozen(kw_only=True)
class Token:
    """An ERC-20 that moves between chains, at one evidence class."""

    symbol: str
    decimals: int
    assurance: Assurance
    #: By name of chain.
    on: Mapping[str, TokenPlace]


@frozen(kw_only=True)
class Relayer:
    """Settings of `xl2 relayer run`."""

    #: Account that pays gas: a name under `keys`.
    key: str = "relayer"
    #: Who earns the fees; empty: the account that pays.
    payee: Address | None = None
    #: What was seen and what is due: a file, relative to the configuration, or the URL of a PostgreSQL database that
    #: several relayers share, which may hold a password and is never printed.
    store: str = field(default="xl2-relayer.sqlite", repr=False)
    #: Messages whose fee is below this are left to others.
    min_fee_wei: int = 0
    #: What is carried, and for how much.
    policy: RelayerPolicy = field(factory=RelayerPolicy)
    #: Below this the balance of the account that pays is alarmed: for every chain, or a table by name of chain.
    low_balance_wei: Floors = field(factory=Floors)
    #: Evidence classes of the lanes to carry; empty: all.
    classes: tuple[Assurance, ...] = ()
    #: Most messages in one delivery.
    batch: int = 5_000
    #: Seconds between two looks at the chains.
    poll_seconds: float = 1.0
    #: After so many seconds of its silence, others on the same store take over what a relayer carried.
    lease_seconds: float = 10.0
    #: What was settled or refunded is forgotten after so many days; 0: never.
    keep_days: float = 30.0
    #: Where the operator's view answers; port 0: a free one.
    listen: str = "127.0.0.1:0"
    #: Further names by which it may be asked, as a proxy before it would.
    hosts: tuple[str, ...] = ()
    #: Whoever has it may give orders; empty: one is made, in a file beside the store.
    token: Secret = Secret("")


@frozen(kw_only=True)
class Attester:
    """Settings of `xl2 attester run`, and of who asks attesters for signatures."""

    #: Account that signs: a name under `keys`.
    key: str = "attester"
    #: Where this attester answers; port 0: a free one.
    listen: str = "127.0.0.1:0"
    #: Where attesters are asked, by the account that signs. Those whose key stands under `keys` need no URL.
    urls: Mapping[Address, str] = field(factory=dict)


@frozen(kw_only=True)
class Log:
    """How the command line and the daemons log."""

    level: str = "WARNING"
    #: `console` or `json`.
    form: str = "console"


@frozen(kw_only=True)
class Config:
    """All settings. Chains are named by their key."""

    chains: Mapping[str, Chain]
    tokens: tuple[Token, ...] = ()
    #: Keys by name: 32 bytes of hex, or who keeps them.
    keys: Mapping[str, Key] = field(factory=dict)
    #: The key that signs where a command names none.
    key: str = "user"
    #: Transactions of this user, written before they are sent; relative to the configuration.
    journal: Path = Path("xl2-journal.sqlite")
    #: Added to what a message costs to deliver now, in percent, so that it still pays when gas has risen.
    fee_margin_percent: int = 50
    relayer: Relayer = Relayer()
    attester: Attester = Attester()
    watcher: Watcher = field(factory=Watcher)
    log: Log = Log()
    #: What only a devnet has; read by `xl2_devnet` alone. None: this is no devnet, and well-known keys are refused.
    devnet: Mapping[str, Any] | None = field(default=None, repr=False, eq=False)
    #: File it was read from; paths in the tree are relative to its folder.
    source: Path = Path("xl2.toml")

    def settings(self) -> Iterator[ChainSettings]:
        """Chains as the adapters want them."""
        for name in self.chains:
            yield self.chain(name)

    def chain(self, named: str | int) -> ChainSettings:
        """A chain by its name or its EIP-155 id. Raises `NotFound` that lists what there is."""
        for name, chain in self.chains.items():
            if named in (name, chain.chain_id, str(chain.chain_id), f"eip155:{chain.chain_id}"):
                return self._settings(name, chain)
        known = ", ".join(f"{name} ({chain.chain_id})" for name, chain in self.chains.items())
        raise NotFound(
            f"there is no chain {named!r} in {self.source.name}",
            remedy=f"Name one of: {known}; or add [chains.{named}] to the file.",
        )

    def token(self, named: str) -> Token:
        """A token by its symbol or by its address on any chain. Raises `NotFound` that lists what there is."""
        wanted = None
        if named.startswith("0x"):
            wanted = address(named)
        for token in self.tokens:
            if token.symbol.lower() == named.lower() or any(place.token == wanted for place in token.on.values()):
                return token
        known = ", ".join(token.symbol for token in self.tokens) or "none"
        raise NotFound(
            f"there is no token {named!r} in {self.source.name}",
            remedy=f"Known tokens: {known}. Add it under [[tokens]] with its bridge on each chain.",
        )

    def key_named(self, name: str) -> Key:
        """What is known of a key. Raises `NotFound` that says where to put it."""
        if name in self.keys:
            return self.keys[name]
        if key_rules.is_key(name):
            raise NotFound(
                "a private key was given where the name of one belongs (its value is not shown here)",
                remedy="Others could read it there: use it no more. docs/how-to/keys.md says where keys belong.",
            )
        raise NotFound(
            f"there is no key named {name!r} in {self.source.name}",
            remedy=f"Set XL2_KEYS__{name.upper()} in the environment, or `{name}` under [keys].",
        )

    def max_fee_on(self, chain: ChainId) -> Wei | None:
        """Most that a gas may cost on a chain; None: no limit."""
        gwei = next((one.max_fee_gwei for one in self.chains.values() if one.chain_id == chain), 0.0)
        return Wei(round(gwei * GWEI)) if gwei else None

    def secret(self, name: str) -> Secret:
        """A private key that stands in the configuration itself. Raises `NotFound` where it does not."""
        key = self.key_named(name)
        if isinstance(key, Secret):
            return key
        raise NotFound(
            f"the key {name!r} does not stand in {self.source.name}: another keeps it",
            remedy="Sign with it through a client; it is never shown.",
        )

    def reached_by(self, urls: Mapping[str, str]) -> "Config":
        """The same configuration, with the chains of these names behind other URLs."""
        chains = {
            name: evolve(chain, rpc_url=Secret(urls[name])) if name in urls else chain
            for name, chain in self.chains.items()
        }
        return evolve(self, chains=chains)

    def path(self, relative: Path) -> Path:
        """A path of the tree, seen from the configuration's folder. `:memory:` is no path, and stays what it is."""
        return relative if str(relative) == ":memory:" else self.source.parent / relative

    def _settings(self, name: str, chain: Chain) -> ChainSettings:
        return ChainSettings(
            chain=ChainId(chain.chain_id),
            name=name,
            family=chain.family,
            rpc_url=chain.rpc_url.reveal(),
            rpc_urls=tuple(url.reveal() for url in chain.rpc_urls),
            quorum=chain.quorum,
            ws_url=chain.ws_url.reveal(),
            rpc_timeout_seconds=chain.rpc_timeout_seconds,
            rpc_calls_per_second=chain.rpc_calls_per_second,
            stale_seconds=chain.stale_seconds,
            contracts=chain.contracts,
            verifiers=tuple(self._verifier(verifier) for verifier in chain.verifiers),
            rollup=chain.rollup,
            anchor=self._id(chain.anchor),
            start=BlockNumber(chain.start),
        )

    def _verifier(self, verifier: Verifier) -> VerifierSettings:
        return VerifierSettings(
            number=verifier.number,
            kind=verifier.kind,
            address=verifier.address,
            remote=self._id(verifier.remote),
            signers=verifier.signers,
            threshold=verifier.threshold,
        )

    def _id(self, name: str) -> ChainId:
        return ChainId(self.chains[name].chain_id if name else 0)


#: Shorter tokens keep nobody out.
MIN_TOKEN: Final = 16
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def complaints(config: Config) -> Complaints:
    """What does not fit together: all of it, not the first."""
    yield from _ids(config)
    for name, chain in config.chains.items():
        yield from chain_rules.complaints(name, chain, config.chains)
    yield from _tokens(config)
    yield from key_rules.complaints(config.keys)
    if config.fee_margin_percent < 0:
        yield ("fee_margin_percent",), f"{config.fee_margin_percent} is below 0: messages would not pay their delivery"
    for name in config.relayer.low_balance_wei.by_name:
        if name not in config.chains:
            yield ("relayer", "low_balance_wei", name), no_chain(name, config.chains)
    yield from _relayer(config.relayer)
    yield from policy_complaints(config.relayer.policy, config.chains)
    yield from watcher_rules.complaints(config.watcher, list(config.chains))
    yield from _attester(config.attester)
    yield from _log(config.log)


def _attester(attester: Attester) -> Complaints:
    if wrong := wrong_with(attester.listen):
        yield ("attester", "listen"), wrong
    for account, url in attester.urls.items():
        if not has_host(url):
            what = "an attester's URL is http:// or https://, and a host (its value is not shown here)"
            yield ("attester", "urls", checksum(account)), f"{what}; `xl2 attester run` says which when it starts"


def _tokens(config: Config) -> Complaints:
    for place, token in enumerate(config.tokens):
        if not 0 <= token.decimals < 256:
            yield ("tokens", place, "decimals"), f"{token.decimals} are no decimals of an ERC-20; they are 0 to 255"
        for name in token.on:
            if name not in config.chains:
                yield ("tokens", place, "on", name), no_chain(name, config.chains)


def _log(log: Log) -> Complaints:
    if log.level.upper() not in _LEVELS:
        yield ("log", "level"), f"{log.level!r} is no level; there are {', '.join(_LEVELS)}"
    if log.form not in ("console", "json"):
        yield ("log", "form"), f"{log.form!r} is neither console nor json"


def _relayer(relayer: Relayer) -> Complaints:
    if relayer.batch < 1:
        yield ("relayer", "batch"), f"{relayer.batch} messages are no batch"
    if relayer.payee == ZERO_ADDRESS:
        yield (
            ("relayer", "payee"),
            "fees would be the zero address's, which nobody has; leave it out, and who pays earns",
        )
    if relayer.min_fee_wei < 0:
        yield ("relayer", "min_fee_wei"), f"{relayer.min_fee_wei} is no amount of wei"
    if "://" in relayer.store and not relayer.store.startswith(("postgresql://", "postgres://")):
        yield ("relayer", "store"), "a store is a file, or a URL that begins with postgresql:// (it is not shown here)"
    # Comparisons with `nan` are false, so each says what is right.
    if not 0 < relayer.poll_seconds < math.inf:
        yield ("relayer", "poll_seconds"), f"{relayer.poll_seconds} seconds are no time to wait"
    if wrong := wrong_with(relayer.listen):
        yield ("relayer", "listen"), wrong
    if 0 < len(relayer.token.reveal()) < MIN_TOKEN:
        yield ("relayer", "token"), f"it has fewer than {MIN_TOKEN} characters (its value is not shown here)"
    if not 0 < relayer.lease_seconds <= LONGEST_LEASE_SECONDS:
        longest = f"up to {LONGEST_LEASE_SECONDS:.0f} are"
        yield ("relayer", "lease_seconds"), f"{relayer.lease_seconds} seconds are no time for a lease; {longest}"
    if not 0 <= relayer.keep_days < math.inf:
        yield ("relayer", "keep_days"), f"{relayer.keep_days} days are no time; 0 keeps everything"


def _ids(config: Config) -> Complaints:
    taken: dict[int, str] = {}
    for name, chain in config.chains.items():
        if not 0 < chain.chain_id < 1 << 64:
            yield ("chains", name, "chain_id"), f"{chain.chain_id} is no EIP-155 chain id"
        if chain.chain_id in taken:
            yield ("chains", name, "chain_id"), f"{chain.chain_id} is also the id of chain {taken[chain.chain_id]}"
        taken[chain.chain_id] = name
