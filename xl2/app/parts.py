"""
Parts: a configuration in, chains, provers, keys and stores put together out.

Promise: chain families, accounts and the clients of attesters are found by entry points (`xl2.adapters`, `xl2.edges`),
so nothing here imports one, and a chain can come from another distribution. Nothing connects before it is asked.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Final

from attrs import define, field, frozen

from xl2.app.edges import edge
from xl2.app.endpoints import report_to
from xl2.app.keys import account_of, open_key
from xl2.attester.attest import HeadAttester
from xl2.config import Config
from xl2.core.types import Address, ChainId, checksum, hex_text
from xl2.errors import ConfigInvalid
from xl2.flow.alarms import Alarms
from xl2.flow.fees import FeeCaps
from xl2.flow.submit import JournalledSubmitter, SubmitPolicy
from xl2.ports import (
    NO_REVIEWS,
    AlarmLines,
    Attester,
    Blocks,
    Call,
    CanonicalBridge,
    Chain,
    ChainSettings,
    Family,
    Journal,
    Log,
    Observer,
    Prover,
    Signer,
    Submitter,
    TxReceipt,
)
from xl2.sdk import Parts
from xl2.store import SqlStore
from xl2.wallet import Book, Bridge, Gate, Token, WalletHooks

logger = logging.getLogger(__name__)

ADAPTERS: Final = "xl2.adapters"
#: Name of the verifier kind that asks attesters.
ATTESTED: Final = "attested"

#: What a contract is called in reviews, by its name in the configuration.
_ROLES: Final = {
    "outbox": "Outbox",
    "inbox": "Inbox",
    "heads": "Heads",
    "checkpoints": "Checkpoints",
    "announcer": "Announcer",
    "anchor_blocks": "AnchorBlocks",
}
_VERIFIER_ROLES: Final = {"attested": "AttestedHeads", "proven": "ProvenHeads", "routed": "RoutedHeads"}
#: Between a quote and the review of what it is for, at most: the endpoint told its chain with the quote.
_STATED_SECONDS: Final = 2.0


@frozen
class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def steady(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await asyncio.sleep(seconds)


CLOCK: Final = SystemClock()


def parts_of(
    config: Config,
    *,
    store: SqlStore,
    signer: Callable[[], Signer],
    hooks: WalletHooks,
    observer: Observer | None = None,
    alarms: Alarms | None = None,
) -> Parts:
    """
    Everything a client is made of. Raises `ConfigInvalid` for a chain family that is not installed.

    :param observer: is told of transactions, and of what alarms those who send them or ask endpoints; else the log.
    :param alarms: shared with others who may meet the same causes.
    """
    told = observer or AlarmLines()
    families = {settings.family: family(settings) for settings in config.settings() if settings.anchor}
    settings = {one.chain: one for one in config.settings()}
    anchors = {one.chain: _anchor(one, settings, families) for one in settings.values() if not one.anchor}
    rollups = [one for one in settings.values() if one.anchor]
    chains = {one.chain: families[one.family].chain(one) for one in rollups if one.contracts}
    # Without xl2's contracts a chain has its own bridge still, and is opened as plainly as an anchor.
    bare = {one.chain: families[one.family].anchor(one) for one in rollups if not one.contracts}
    everywhere: Mapping[ChainId, Blocks] = {**anchors, **bare, **chains}
    # Each family has its own connection to the anchor.
    ends = [families[one.family].anchor(settings[one.anchor]) for one in rollups]
    report_to(told, (*everywhere.values(), *ends))
    book = book_of(config)

    async def chain_id_of(chain: ChainId) -> int:
        # Beside the quote of what is signed it was just told.
        return await everywhere[chain].answers_for(within_seconds=_STATED_SECONDS)

    @cache
    def gate() -> Gate:
        return Gate(signer=signer(), hooks=hooks, book=book, chain_id_of=chain_id_of)

    @cache
    def journalled(chain: ChainId) -> JournalledSubmitter:
        policy = SubmitPolicy(caps=FeeCaps(absolute=config.max_fee_on(chain)))
        return JournalledSubmitter(everywhere[chain], gate(), store, CLOCK, policy, observer=told, alarms=alarms)

    @cache
    def submitter(chain: ChainId) -> Submitter:
        return RecoveringSubmitter(journalled(chain), chain, store)

    @cache
    def provers(log: Log) -> Sequence[Prover]:
        home, reader = settings[log.home], settings[log.reader]
        attesters = attesters_of(config, reader, chains)
        return tuple(families[home.family].provers(home, chains[log.reader], settings[home.anchor], attesters))

    @cache
    def bridges(chain: ChainId) -> CanonicalBridge:
        rollup = settings[chain]
        return families[rollup.family].bridge_to_anchor(rollup, settings[rollup.anchor])

    def why_not(home: ChainId, kind: str) -> str | None:
        return families[settings[home].family].why_not(kind)

    async def close() -> None:
        for chain in {id(one): one for one in (*everywhere.values(), *ends)}.values():
            await chain.close()
        await store.close()

    return Parts(
        config=config,
        chains=chains,
        anchors=anchors,
        bare=bare,
        provers=provers,
        why_not=why_not,
        bridges=bridges,
        submitter=submitter,
        journalled=journalled,
        store=store,
        clock=CLOCK,
        hooks=hooks,
        close=close,
    )


@define
class RecoveringSubmitter:
    """A submitter that first finishes what an earlier run of this program left in the journal, and tells of it."""

    inner: JournalledSubmitter
    chain: ChainId
    journal: Journal
    _recovered: bool = field(default=False, init=False)
    _turn: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    @property
    def address(self) -> Address:
        """Account that pays and signs."""
        return self.inner.address

    async def submit(self, call: Call) -> TxReceipt:
        """Make a call; see `xl2.ports.Submitter`."""
        async with self._turn:
            if not self._recovered:
                await self._recover()
                self._recovered = True
        return await self.inner.submit(call)

    async def _recover(self) -> None:
        """Who repeats a command after a crash must learn that the earlier one went through."""
        left = await self.journal.pending(self.chain, self.address)
        words = {one.signed.hash: one.what for one in left}
        for receipt in await self.inner.recover():
            # One that was replaced just now has another hash: then it is one of all that were left.
            what = words.get(receipt.tx_hash) or "; ".join(sorted(set(words.values())))
            how = "went through" if receipt.succeeded else "reverted"
            tx_hash = hex_text(receipt.tx_hash)
            fields = {"what": what, "chain": self.chain, "tx_hash": tx_hash, "succeeded": receipt.succeeded}
            # In words too: a command that renders no fields prints this line as it is.
            logger.warning("a transaction of an earlier run %s: %s (%s)", how, what, tx_hash, extra={"fields": fields})


def attesters_of(config: Config, reader: ChainSettings, chains: Mapping[ChainId, Chain]) -> Sequence[Attester]:
    """
    Those who sign heads for a chain: by URL, and those whose keys the configuration itself holds, as on a devnet.

    One whose key is here is no less careful for that: it recomputes each head from its own reading of the chain.
    """
    wanted = {account for one in reader.verifiers if one.kind == ATTESTED for account in one.signers}
    remote = edge("attester")
    found: list[Attester] = [remote(url, account) for account, url in config.attester.urls.items() if account in wanted]
    here = wanted - set(config.attester.urls)
    # Only what may be one is opened: others may ask for a password.
    names = [name for name in config.keys if account_of(config, name) in here] if here else []
    return found + [attester_of(config, name, chains) for name in names]


def attester_of(config: Config, key: str, chains: Mapping[ChainId, Chain]) -> HeadAttester:
    """
    The attester with this key, over its own view of the chains.

    Where a chain has several attested verifiers it signs for the one that names it. Raises `ConfigInvalid` where more
    than one does: a signature is for one contract, and a question does not say for which.
    """
    signer = open_key(config, key)
    verifiers: dict[ChainId, Address] = {}
    for settings in config.settings():
        attested = [one for one in settings.verifiers if one.kind == ATTESTED]
        mine = attested if len(attested) == 1 else [one for one in attested if signer.address in one.signers]
        if len(mine) > 1:
            raise ConfigInvalid(
                f"attester {checksum(signer.address)} is a signer of {len(mine)} attested verifiers on chain "
                f"{settings.name}: {', '.join(checksum(one.address) for one in mine)}",
                remedy=f"Give each its own key, or leave one of them under [chains.{settings.name}].",
            )
        if mine:
            verifiers[settings.chain] = mine[0].address
    return HeadAttester(signer=signer, chains=chains, verifiers=verifiers)


def book_of(config: Config) -> Book:
    """Names and roles for reviews, all from the configuration."""
    settings = list(config.settings())
    ids = {one.name: one.chain for one in settings}
    roles = {
        (one.chain, contract): _ROLES.get(name, "Router" if name.startswith("router_") else name)
        for one in settings
        for name, contract in one.contracts.items()
    }
    known = {one.family: family(one).reviews for one in settings if one.anchor}
    for one in settings:
        reviews = known.get(one.family, NO_REVIEWS)
        for name, contract in one.rollup.items():
            if name in reviews.rollup_roles:
                roles.setdefault((one.chain, contract), reviews.rollup_roles[name])
            else:
                roles.setdefault((one.anchor, contract), reviews.anchor_roles.get(name, name))
        roles.update({(one.chain, contract): role for contract, role in reviews.fixed_roles.items()})
        for verifier in one.verifiers:
            roles[one.chain, verifier.address] = _VERIFIER_ROLES.get(verifier.kind, verifier.kind)
    tokens, bridges = {}, {}
    for token in config.tokens:
        for name, place in token.on.items():
            roles[ids[name], place.token] = "ERC20"
            roles[ids[name], place.bridge] = "TokenBridge"
            tokens[ids[name], place.token] = Token(symbol=token.symbol, decimals=token.decimals)
            bridges[ids[name], place.bridge] = Bridge(token=place.token, assurance=token.assurance)
    return Book(
        chains={one.chain: one.name for one in settings},
        roles=roles,
        tokens=tokens,
        bridges=bridges,
        families=tuple(known.values()),
    )


def family(settings: ChainSettings) -> Family:
    """Find a chain family. Raises `ConfigInvalid` where none of that name is installed."""
    for entry in entry_points(group=ADAPTERS, name=settings.family):
        made: Family = entry.load()()
        return made
    known = ", ".join(sorted(entry.name for entry in entry_points(group=ADAPTERS))) or "none"
    raise ConfigInvalid(
        f"chain {settings.name} is of family {settings.family!r}, which is not installed",
        remedy=f"Installed are: {known}. Correct `family`, or install the package that brings it.",
    )


def _anchor(one: ChainSettings, all_of: Mapping[ChainId, ChainSettings], families: Mapping[str, Family]) -> Blocks:
    """An anchor speaks as the families that settle on it understand it."""
    for other in all_of.values():
        if other.anchor == one.chain:
            return families[other.family].anchor(one)
    raise ConfigInvalid(
        f"no chain settles on {one.name} ({one.chain}), and it has no anchor of its own",
        remedy=f"Set `anchor` of [chains.{one.name}], or of the chains that settle on it.",
    )
