"""A message's way over a real devnet, room by room, with what each room cost and whom it trusted."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from attrs import frozen

from tests.waiting import PATIENCE_SECONDS
from xl2.app.families import family
from xl2.clock import CLOCK
from xl2.config import Config
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import ChainId, MessageId
from xl2.errors import NotYet, ProofInvalid, Reverted, RpcRejected, RpcUnavailable
from xl2.flow import confirm, deliver, observe, prove, send, settle
from xl2.flow.inclusion import Patience
from xl2.flow.submit import JournalledSubmitter, SubmitPolicy
from xl2.ports import Attester, Blocks, Chain, Family, Log, Needed, Prover, Record, Sent, Signer
from xl2.store import SqliteStore
from xl2_adapters.web3_edge import signer

T = TypeVar("T")

#: A devnet in tests makes four blocks a second.
BRISKLY = SubmitPolicy(patience=Patience(poll_seconds=0.1))


class Opened:
    """The chains of a configuration, each opened once, by its own family."""

    def __init__(self, config: Config) -> None:
        self.config = config
        settled = [one for one in config.settings() if one.anchor]
        self.families: Mapping[str, Family] = {one.family: family(one) for one in settled}

    def chain(self, name: str) -> Chain:
        settings = self.config.chain(name)
        return self.families[settings.family].chain(settings)

    def anchor(self, name: str) -> Blocks:
        """The anchor of a chain, as the chain's family opened it."""
        settings = self.config.chain(name)
        return self.families[settings.family].anchor(self.config.chain(settings.anchor))

    def provers(self, home: str, reader: str, attesters: Sequence[Attester]) -> Sequence[Prover]:
        settings = self.config.chain(home)
        anchor = self.config.chain(settings.anchor)
        return self.families[settings.family].provers(settings, self.chain(reader), anchor, attesters)

    async def close(self) -> None:
        for settings in self.config.settings():
            if settings.anchor:
                await self.chain(settings.name).close()
                await self.anchor(settings.name).close()


@frozen(kw_only=True)
class Route:
    """One way from an origin to a destination, by one kind of evidence."""

    config: Config
    opened: Opened
    origin_name: str
    destination_name: str
    #: `attested`, `proven` or `routed`.
    kind: str
    attesters: Sequence[Attester]
    store: SqliteStore
    #: Whose account pays for its steps: walks of several go on at once.
    payer: str = "relayer"

    @property
    def origin(self) -> Chain:
        return self.opened.chain(self.origin_name)

    @property
    def destination(self) -> Chain:
        return self.opened.chain(self.destination_name)

    def account(self, role: str) -> Signer:
        return signer(self.config.secret(role).reveal())

    def submitter(self, chain: Blocks, role: str = "") -> JournalledSubmitter:
        return JournalledSubmitter(chain, self.account(role or self.payer), self.store, CLOCK, BRISKLY)

    async def send(self, outgoing: send.Outgoing, role: str = "alice") -> Sent:
        """Send a message, signed by an account of the devnet."""
        submitter = self.submitter(self.origin, role)
        prepared = await send.prepare(outgoing, submitter.address, self.origin, self.destination)
        return await send.send(prepared, self.origin, submitter)

    async def observed(self, sent: Sequence[Sent]) -> list[Record]:
        """The messages, when they are in final blocks."""

        async def look() -> list[Record]:
            await self.observe(sent[0], LogKind.LANE)
            found = [await self.store.record(one.message.id) for one in sent]
            if None in found:
                raise NotYet("not all are in final blocks yet")
            return [one for one in found if one]

        return await self.until(look)

    async def proven(self, records: Sequence[Record]) -> prove.Proven:
        """Their segment with evidence, when there is any; calls that it needs are made."""

        async def look() -> prove.Proven:
            await self.observe(records[0].sent, LogKind.LANE)
            prover = self.prover(self.origin_name, self.destination_name)
            return await self._made(await prove.prove(records, self.store, prover))

        return await self.until(look)

    async def delivered(self, records: Sequence[Record]) -> deliver.Outcome:
        """Prove and deliver."""
        proven = await self.proven(records)
        submitter = self.submitter(self.destination)
        outcome = await deliver.deliver(proven.segment, proven.shown.evidence, self.destination, submitter)
        await self.store.happen(outcome.happenings, time.time())
        return outcome

    async def confirmed(self, records: Sequence[Record]) -> None:
        """Wait until what the inbox said of them is final."""

        async def look() -> None:
            await self.observe(records[0].sent, LogKind.RECEIPTS)
            fresh = [await self.record(one.sent.message.id) for one in records]
            open_ = [one for one in fresh if one.state in (State.DELIVERED, State.EXPIRED)]
            if open_:
                found = await confirm.confirm(open_, self.store, self.destination)
                await self.store.happen(found, time.time())
                raise NotYet("look again")

        await self.until(look)

    async def settled(self, records: Sequence[Record]) -> None:
        """Prove receipts back until all of these are over."""
        lane = Lane.of(records[0].sent.message)

        async def look() -> None:
            await self.observe(records[0].sent, LogKind.LANE)
            await self.observe(records[0].sent, LogKind.RECEIPTS)
            fresh = [await self.record(one.sent.message.id) for one in records]
            if all(one.state in (State.SETTLED, State.REFUNDED) for one in fresh):
                return
            due = await settle.owed(lane, self.store, self.origin, 64, time.time())
            if due is not None:
                prover = self.prover(self.destination_name, self.origin_name)
                call = await self._made(await settle.prepare(due, self.store, self.origin, self.destination, prover))
                done = await settle.settle(due, call, self.submitter(self.origin))
                await self.store.happen(done.happenings, time.time())
            raise NotYet("look again")

        await self.until(look)

    async def record(self, message_id: MessageId) -> Record:
        found = await self.store.record(message_id)
        assert found is not None
        return found

    async def states(self, records: Sequence[Record]) -> set[State]:
        return {(await self.record(one.sent.message.id)).state for one in records}

    def prover(self, home: str, reader: str) -> Prover:
        """The prover of this route's kind."""
        found = self.opened.provers(home, reader, self.attesters)
        return next(one for one in found if one.name == self.kind)

    async def until(self, look: Callable[[], Awaitable[T]]) -> T:
        """What `look` gives, once it does not say `NotYet` any more; the reason when patience is over."""
        reason = ""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    try:
                        return await look()
                    except (NotYet, RpcUnavailable, RpcRejected, ProofInvalid) as not_yet:
                        if isinstance(not_yet, Reverted):
                            raise
                        # A node may keep no states that old by the time it is asked, and anvil proves the next block's
                        # state while it makes that one; the next look is at a newer block.
                        reason = not_yet.what
                        await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"waited {PATIENCE_SECONDS} s in vain: {reason}") from None

    async def observe(self, sent: Sent, kind: LogKind) -> None:
        """Look once at a log of a message's lane: what is asked of a block needs a newer one later."""
        log = Log(lane=Lane.of(sent.message), kind=kind)
        chain = self.origin if kind is LogKind.LANE else self.destination
        await observe.observe(chain, log, self.store, Finality.FINALIZED, time.time())

    async def _made(self, found: T | Needed) -> T:
        if not isinstance(found, Needed):
            return found
        anchor = self.opened.anchor(self.origin_name)
        chains: Mapping[ChainId, Blocks] = {one.chain: one for one in (anchor, self.origin, self.destination)}
        for call in found.calls:
            try:
                await self.submitter(chains[call.chain]).submit(call)
            except Reverted as overtaken:
                # Built for the chains of a moment ago: a newer root may stand where it names an older one.
                raise NotYet(f"{found.why}; the call for that came too late: {overtaken.what}") from overtaken
        raise NotYet(found.why)
