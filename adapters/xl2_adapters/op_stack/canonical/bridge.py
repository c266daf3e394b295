"""
Canonical: the bridge of a rollup of the OP Stack to its anchor. Implements `xl2.ports.CanonicalBridge`.

Comes in: settings that name portal, L1 messenger and L1 standard bridge; cargo, or a transaction hash. Goes out: calls
and crossings. Promise: which portal it is, is read from the portal itself, so that one adapter serves the portals with
dispute games and those before; nothing is kept but that. Read `deposit`, `withdrawal`, then
`roots`.
"""

from collections.abc import Sequence

from xl2.core.types import Address, BlockNumber, ChainId, Hash32, address, hex_text
from xl2.errors import ConfigInvalid, NotFound, Refused
from xl2.ports import Call, Cargo, ChainSettings, Crossing, Direction, Move
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.canonical.deposit import Deposits
from xl2_adapters.op_stack.canonical.games import REGISTRY, Games
from xl2_adapters.op_stack.canonical.message import L2_BRIDGE, L2_MESSENGER, Ends, relay_in
from xl2_adapters.op_stack.canonical.outputs import ORACLE, Outputs
from xl2_adapters.op_stack.canonical.relay import Messenger
from xl2_adapters.op_stack.canonical.roots import Roots
from xl2_adapters.op_stack.canonical.send import Sender
from xl2_adapters.op_stack.canonical.tokens import Side
from xl2_adapters.op_stack.canonical.withdrawal import Withdrawal, Withdrawals
from xl2_adapters.tx_logs import included

VERSION = Method("version()", "(string)")

#: First versions of the portal that go by dispute games, and by a registry that judges them.
_GAMES_SINCE, _REGISTRY_SINCE = 3, 4
_NEEDED = ("portal", "l1_cross_domain_messenger", "l1_standard_bridge")


class OpBridge:
    """Portal, messengers and standard bridges of one rollup."""

    def __init__(self, *, rollup: Evm, anchor: Evm, settings: ChainSettings) -> None:
        """`settings`: the rollup's. Raises `ConfigInvalid` where it names not all contracts of the bridge."""
        missing = [name for name in _NEEDED if name not in settings.rollup]
        if missing:
            raise ConfigInvalid(
                f"chain {settings.name} names no {', '.join(missing)} of its rollup",
                remedy=f"Add it under [chains.{settings.name}.rollup].",
            )
        self._rollup, self._anchor, self._name = rollup, anchor, settings.name
        self._portal = address(settings.rollup["portal"])
        l1_messenger = address(settings.rollup["l1_cross_domain_messenger"])
        l1_bridge = address(settings.rollup["l1_standard_bridge"])
        self._down = Ends(
            messenger=l1_messenger, bridge=l1_bridge, messenger_there=L2_MESSENGER, bridge_there=L2_BRIDGE
        )
        self._up = Ends(messenger=L2_MESSENGER, bridge=L2_BRIDGE, messenger_there=l1_messenger, bridge_there=l1_bridge)
        self._below = Side(evm=anchor, bridge=l1_bridge, name="the anchor")
        self._above = Side(evm=rollup, bridge=L2_BRIDGE, name=f"chain {settings.name}")
        self._deposits = Deposits(anchor=anchor, rollup=rollup, portal=self._portal, ends=self._down)
        self._roots: list[Roots] = []

    @property
    def rollup(self) -> ChainId:
        """Chain that settles on the other."""
        return self._rollup.chain

    @property
    def anchor(self) -> ChainId:
        """Chain that the rollup settles on."""
        return self._anchor.chain

    async def deposit_calls(self, cargo: Cargo, sender: Address) -> Sequence[Call]:
        """See `CanonicalBridge.deposit_calls`."""
        way = Sender(here=self._below, there=self._above, ends=self._down, portal=self._portal)
        return await way.calls(cargo, sender)

    async def withdraw_calls(self, cargo: Cargo, sender: Address) -> Sequence[Call]:
        """See `CanonicalBridge.withdraw_calls`."""
        way = Sender(here=self._above, there=self._below, ends=self._up, portal=None)
        return await way.calls(cargo, sender)

    async def duration(self, direction: Direction) -> int | None:
        """See `CanonicalBridge.duration`."""
        if direction is Direction.DEPOSIT:
            return await self._deposits.lag_seconds()
        return await (await self._withdrawals()).duration()

    async def crossings(self, tx_hash: Hash32) -> Sequence[Crossing]:
        """See `CanonicalBridge.crossings`."""
        found = await self._begun_by(tx_hash)
        if found:
            return found
        for source in await self._behind(tx_hash):
            found += await self._begun_by(source)
        return found

    async def deposit_noted(self, note: bytes, sender: Address, since: BlockNumber) -> Hash32 | None:
        """See `CanonicalBridge.deposit_noted`."""
        return await self._deposits.noted(note, sender, since)

    async def calls(self, crossing: Crossing, move: Move, actor: Address) -> Sequence[Call]:  # noqa: ARG002 - anybody may
        """See `CanonicalBridge.calls`."""
        if move not in crossing.moves:
            possible = ", ".join(crossing.moves) or "none"
            raise Refused(
                f"{move} is no move of {crossing.direction} {hex_text(crossing.key)}, which is {crossing.state}",
                remedy=f"Possible now: {possible}.",
            )
        if crossing.direction is Direction.DEPOSIT:
            relay = relay_in(crossing.record, self._rollup.endpoint)
            if relay is None:
                raise Refused(f"deposit {hex_text(crossing.key)} holds no messenger's message")
            return [await Messenger(self._rollup, L2_MESSENGER).replay_call(relay)]
        withdrawals = await self._withdrawals()
        withdrawal = await self._withdrawal(withdrawals, crossing)
        if move is Move.PROVE:
            return [await withdrawals.prove_call(withdrawal)]
        if move is Move.FINALIZE:
            return [await withdrawals.finalize_call(withdrawal)]
        return [await withdrawals.replay_call(withdrawal)]

    async def _begun_by(self, tx_hash: Hash32) -> list[Crossing]:
        below = await included(self._anchor, tx_hash)
        if below is not None:
            deposits = self._deposits.of(below)
            return [await self._deposits.crossing(one, index) for index, one in enumerate(deposits)]
        above = await included(self._rollup, tx_hash)
        if above is None:
            return []
        withdrawals = await self._withdrawals()
        return [await withdrawals.crossing(one, index) for index, one in enumerate(withdrawals.of(above))]

    async def _behind(self, tx_hash: Hash32) -> list[Hash32]:
        """Transactions that began what this one moved on."""
        below = await included(self._anchor, tx_hash)
        if below is not None:
            return await (await self._withdrawals()).behind(below)
        above = await included(self._rollup, tx_hash)
        source = None if above is None else await self._deposits.behind(above)
        return [] if source is None else [source]

    async def _withdrawal(self, withdrawals: Withdrawals, crossing: Crossing) -> Withdrawal:
        transaction = await included(self._rollup, crossing.sent.tx_hash)
        for one in withdrawals.of(transaction) if transaction else ():
            if one.hash == crossing.key:
                return one
        raise NotFound(
            f"transaction {hex_text(crossing.sent.tx_hash)} of withdrawal {hex_text(crossing.key)} is no longer on "
            f"chain {self._name}",
            remedy="A reorg took it back; look for it anew.",
        )

    async def _withdrawals(self) -> Withdrawals:
        if not self._roots:
            self._roots.append(await self._read_roots())
        return Withdrawals(
            anchor=self._anchor, rollup=self._rollup, portal=self._portal, ends=self._up, roots=self._roots[0]
        )

    async def _read_roots(self) -> Roots:
        """What the portal goes by, from its version."""
        version = await self._read(VERSION)
        major = int(version.partition(".")[0]) if version[:1].isdigit() else 0
        if major < _GAMES_SINCE:
            oracle = address(await self._read(ORACLE))
            return Outputs(anchor=self._anchor, rollup=self._rollup, portal=self._portal, oracle=oracle)
        registry = address(await self._read(REGISTRY)) if major >= _REGISTRY_SINCE else None
        return Games(anchor=self._anchor, rollup=self._rollup, portal=self._portal, registry=registry)

    async def _read(self, method: Method) -> str:
        """The one value that a getter of the portal returns, in words."""
        return str(method.decode(await self._anchor.view(self._portal, method.encode()), self._anchor.endpoint)[0])
