"""
Watched: an EVM chain as its watcher sees it: heads that were taken for true, tokens that moved, levers of a guardian.

Promise: a head is given out as the chain judged it: with the log, the count and the verifier that its evidence was
checked for. Evidence beside a delivery or settlement is read from the transaction that made it, where that calls inbox
or outbox itself. Implements `xl2.ports.Watched`.
"""

from collections.abc import Sequence

from attrs import evolve, field, frozen

from xl2.core.evidence import VerifierMask, VerifierNumber
from xl2.core.interop import InteropAddress
from xl2.core.lane import Lane
from xl2.core.segment import Segment
from xl2.core.settlement import Settlement
from xl2.core.types import Address, BlockNumber, Hash32, MessageId, address, checksum, hex_text
from xl2.errors import ProofInvalid
from xl2.ports import Call, HeadShown, Motion, Moved, Place, Rights
from xl2_adapters import rpc_wire
from xl2_adapters.contracts.bridge import (
    BALANCE_OF,
    LINK_REGISTERED,
    PAUSED,
    RECEIVED,
    SENT,
    TOTAL_SUPPLY,
    TRANSFER_REFUNDED,
    TokenBridge,
)
from xl2_adapters.contracts.guard import Guard, owner_of, roles_of
from xl2_adapters.contracts.heads import SHOW, Heads
from xl2_adapters.contracts.inbox import DELIVER, DELIVERED, FAILED, Inbox
from xl2_adapters.contracts.outbox import REFUNDED, SETTLE, SETTLED_EVENT, Outbox
from xl2_adapters.evm import Evm
from xl2_adapters.rpc import Call as Request


@frozen(kw_only=True)
class WatchedChain:
    """One chain behind one endpoint."""

    evm: Evm
    outbox: Outbox
    inbox: Inbox
    heads: Heads
    #: Accounts that sign heads here, by what they are called: from the settings, as the chain keeps only their hash.
    signers: tuple[Address, ...]
    #: Block of the first of xl2's contracts.
    start: BlockNumber
    _guards: list[Guard] = field(factory=list, init=False, eq=False, repr=False)

    async def heads_shown(self, first: BlockNumber, last: BlockNumber) -> Sequence[HeadShown]:
        """Heads that were taken for true in a range of blocks."""
        first = max(first, self.start)
        stored = await self.heads.events(first, last)
        logs = [
            *await self.evm.logs(self.inbox.address, [[DELIVERED.topic, FAILED.topic]], first, last),
            *await self.evm.logs(self.outbox.address, [[SETTLED_EVENT.topic, REFUNDED.topic]], first, last),
        ]
        calls = await self._calls([*(one.place.tx_hash for one in stored), *(log.place.tx_hash for log in logs)])
        shown = [evolve(one, evidence=self._stored_with(one, *calls[one.place.tx_hash])) for one in stored]
        for tx_hash, place in {log.place.tx_hash: log.place for log in reversed(logs)}.items():
            beside = await self._shown_with(*calls[tx_hash], place)
            shown += [] if beside is None else [beside]
        return sorted(shown, key=lambda one: (one.place.block, one.place.log_index))

    async def moves(self, bridge: Address, first: BlockNumber, last: BlockNumber) -> Sequence[Moved]:
        """What a token bridge did in a range of blocks."""
        kinds = {SENT.topic: Motion.SENT, RECEIVED.topic: Motion.RECEIVED, TRANSFER_REFUNDED.topic: Motion.REFUNDED}
        found = []
        for log in await self.evm.logs(bridge, [list(kinds)], max(first, self.start), last):
            event = next(one for one in (SENT, RECEIVED, TRANSFER_REFUNDED) if one.topic == log.topics[0])
            values = event.decode(log.topics, log.data, self.evm.endpoint)
            amount = values[2] if event is TRANSFER_REFUNDED else values[3]
            motion = kinds[Hash32(log.topics[0])]
            found.append(Moved(motion=motion, id=MessageId(Hash32(values[0])), amount=amount, place=log.place))
        return found

    async def links(self, bridge: Address, first: BlockNumber, last: BlockNumber) -> Sequence[InteropAddress]:
        """Counterparts that a token bridge was given in a range of blocks."""
        found = []
        for log in await self.evm.logs(bridge, [[LINK_REGISTERED.topic]], max(first, self.start), last):
            _, counterpart = LINK_REGISTERED.decode(log.topics, log.data, self.evm.endpoint)
            found.append(InteropAddress.parse(counterpart))
        return found

    async def holding(self, bridge: Address, at: BlockNumber) -> int:
        """Tokens at a block: held by the bridge at home, elsewhere all that there are."""
        terms = await TokenBridge(self.evm, bridge).terms()
        method, data = (
            (BALANCE_OF, BALANCE_OF.encode(bridge)) if terms.is_home else (TOTAL_SUPPLY, TOTAL_SUPPLY.encode())
        )
        (held,) = method.decode(await self.evm.view(terms.token.address, data, at), self.evm.endpoint)
        return int(held)

    async def is_home(self, bridge: Address) -> bool:
        """Whether the bridge locks."""
        return (await TokenBridge(self.evm, bridge).terms()).is_home

    async def suspended(self) -> VerifierMask:
        """Verifiers that are paused now."""
        return await self.heads.suspended()

    async def is_halted(self, lane: Lane) -> bool:
        """Whether the lane is paused at this end of it."""
        return bool(await self.heads.halted(lane.log if lane.destination == self.evm.chain else lane.receipt_log))

    async def is_paused(self, bridge: Address) -> bool:
        """Whether a token bridge is paused."""
        (paused,) = PAUSED.decode(await self.evm.view(bridge, PAUSED.encode()), self.evm.endpoint)
        return bool(paused)

    async def rights(self, account: Address, bridges: Sequence[Address]) -> Rights:
        """What an account may do here."""
        guard = await self._guard()
        beyond = [f"it is a signer of attested heads on chain {self.evm.chain}"] if account in self.signers else []
        named = {"Guard": guard.address, "Heads": self.heads.address, "Outbox": self.outbox.address}
        named |= {f"token bridge {checksum(one)}": one for one in bridges}
        owners: dict[Address, None] = {}
        for name, contract in named.items():
            owner = await owner_of(self.evm, contract)
            if owner == account:
                beyond.append(f"it owns the {name} of chain {self.evm.chain}")
            elif owner is not None:
                owners[owner] = None
        for owner in owners:
            roles = await roles_of(self.evm, owner, account)
            beyond += [f"it is {role} of the owner {checksum(owner)} on chain {self.evm.chain}" for role in roles]
        return Rights(
            is_guardian=await guard.is_guardian(account),
            beyond=tuple(beyond),
            holds=await self._holds(account, bridges),
        )

    async def pause_verifier_call(self, number: VerifierNumber) -> Call:
        """Pause a verifier."""
        return (await self._guard()).pause_verifier_call(number)

    async def pause_lane_call(self, lane: Lane) -> Call:
        """Pause a lane at this end."""
        return (await self._guard()).pause_lane_call(lane)

    async def pause_asset_call(self, bridge: Address) -> Call:
        """Pause a token bridge."""
        return (await self._guard()).pause_asset_call(bridge)

    async def _guard(self) -> Guard:
        if not self._guards:
            self._guards.append(Guard(self.evm, await self.heads.guard()))
        return self._guards[0]

    async def _holds(self, account: Address, bridges: Sequence[Address]) -> tuple[str, ...]:
        held = []
        for bridge in bridges:
            found = TokenBridge(self.evm, bridge)
            amount, token = await found.balance(account), (await found.terms()).token
            if amount:
                held.append(f"{amount} of {token.symbol}'s smallest unit on chain {self.evm.chain}")
        return tuple(held)

    async def _calls(self, tx_hashes: Sequence[Hash32]) -> dict[Hash32, tuple[Address | None, bytes]]:
        """Whom transactions call, and with what; nobody and nothing for one that was taken back since."""
        wanted = list(dict.fromkeys(tx_hashes))
        requests = [Request("eth_getTransactionByHash", (hex_text(tx_hash),)) for tx_hash in wanted]
        calls: dict[Hash32, tuple[Address | None, bytes]] = {}
        for tx_hash, answer in zip(wanted, await self.evm.ask_many(requests) if requests else [], strict=True):
            fields = {} if answer is None else rpc_wire.mapping(answer, self.evm.endpoint)
            to = fields.get("to")
            data = rpc_wire.data(fields.get("input", "0x"), self.evm.endpoint)
            calls[tx_hash] = (address(str(to)) if to else None, data)
        return calls

    def _stored_with(self, shown: HeadShown, to: Address | None, calldata: bytes) -> bytes:
        """The evidence that a head was stored with; empty where the transaction does not call `Heads` itself."""
        arguments = SHOW.arguments(calldata, self.evm.endpoint) if to == self.heads.address else None
        is_it = arguments is not None and tuple(arguments[:3]) == (shown.log, shown.head, shown.count)
        return bytes(arguments[3]) if arguments is not None and is_it else b""

    async def _shown_with(self, to: Address | None, calldata: bytes, place: Place) -> HeadShown | None:
        """The head that a call showed; None for a call that brought no evidence, or that nobody can read."""
        try:
            if to == self.inbox.address and (arguments := DELIVER.arguments(calldata, self.evm.endpoint)):
                segment = Segment.parse(arguments[0], destination=self.evm.chain, inbox=self.inbox.address)
                log, head, count, evidence = segment.lane.log, segment.head, segment.end, arguments[1]
            elif to == self.outbox.address and (arguments := SETTLE.arguments(calldata, self.evm.endpoint)):
                settlement = Settlement.parse(arguments[0])
                lane = await self.outbox.lane_to(settlement.destination, settlement.assurance)
                log, head, count, evidence = lane.receipt_log, settlement.head, settlement.end, arguments[1]
            else:
                return None
        except ProofInvalid:
            # The contract took these bytes, so this is a reading of ours that fails; `Shown` and receipts remain.
            return None
        if not evidence:
            return None
        return HeadShown(
            log=log, head=head, count=count, verifiers=VerifierMask(1 << evidence[0]), place=place, evidence=evidence
        )
