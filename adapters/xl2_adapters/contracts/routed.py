"""Routed heads, and the L1 router that sends them. The manuals are `IRoutedHeads.sol` and `IRouter.sol`."""

from attrs import frozen

from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Wei, address
from xl2.ports import Call, Log
from xl2_adapters.abi import Event, Method
from xl2_adapters.contracts.alias import behind
from xl2_adapters.evm import Evm
from xl2_adapters.evm import Log as EvmLog

ACCEPTED = Method("accepted(bytes32,bytes32)", "(bool)")
ROUTER = Method("router()", "(address)")
METHODS = (ACCEPTED, ROUTER)

PUSH = Method("push(uint64,bytes)")
ROLLUP_OF = Method("rollupOf(uint64)", "(address)")
ROUTER_METHODS = (PUSH, ROLLUP_OF)
PUSHED = Event("Pushed(uint64 indexed,uint64 indexed,bytes32 indexed,bytes32,uint64,uint256)")
ROUTER_EVENTS = (PUSHED,)

#: What `Router` gives the call on the destination: the same numbers as in `Router.sol`.
_BASE_GAS, _HEAD_GAS = 45_000, 32_000
#: `accept((bytes32,bytes32)[])`: selector, offset, length, and two words a head.
_ACCEPT_SIZE, _HEAD_SIZE = 4 + 2 * 32, 2 * 32

#: Deposits burn gas on L1 by a price that moves with each block: an estimate is good for its own block only.
_PUSH_MARGIN_PERCENT = 100


@frozen
class RoutedHeads:
    """One `RoutedHeads`, on the chain that reads."""

    evm: Evm
    address: Address

    async def router(self) -> Address:
        """The router on L1, from its alias."""
        (alias,) = ROUTER.decode(await self.evm.view(self.address, ROUTER.encode()), self.evm.endpoint)
        return behind(address(alias))

    async def accepted(self, log: Log, head: Hash32) -> bool:
        """Whether the router's deposit of this head has arrived."""
        answer = await self.evm.view(self.address, ACCEPTED.encode(log.id, head))
        return bool(ACCEPTED.decode(answer, self.evm.endpoint)[0])


@frozen(kw_only=True)
class Pushed:
    """A head that the router sent."""

    head: Hash32
    #: Block of the origin under whose state it was proven.
    number: BlockNumber
    #: Block of L1 that sent it.
    block: BlockNumber
    #: What went along for each head, to buy gas on the destination.
    value: Wei


@frozen
class Router:
    """The router on L1."""

    evm: Evm
    address: Address

    async def rollup_of(self, chain: ChainId) -> Address:
        """Contract that judges a rollup."""
        answer = await self.evm.view(self.address, ROLLUP_OF.encode(chain))
        return address(ROLLUP_OF.decode(answer, self.evm.endpoint)[0])

    async def pushed(self, log: Log, since: BlockNumber, upto: BlockNumber) -> list[Pushed]:
        """Heads of a log that were sent, newest first."""
        found = await self.evm.logs(self.address, [[PUSHED.topic], None, None, [log.id]], since, upto)
        return [self._pushed(one) for one in reversed(found)]

    @staticmethod
    def deposit_of(heads: int) -> tuple[int, int]:
        """Bytes of calldata, and gas limit, of the call on the destination that brings so many heads."""
        return _ACCEPT_SIZE + heads * _HEAD_SIZE, _BASE_GAS + heads * _HEAD_GAS

    def push_call(self, origin: ChainId, proof: bytes, value: Wei) -> Call:
        """Show heads to the origin's rollup contract on L1 and send them on; `value` goes along with the deposit."""
        return Call(
            chain=self.evm.chain,
            to=self.address,
            data=PUSH.encode(origin, proof),
            value=value,
            margin_percent=_PUSH_MARGIN_PERCENT,
            what=f"prove heads of chain {origin} on l1 and send them on",
        )

    def _pushed(self, log: EvmLog) -> Pushed:
        _, _, _, head, number, value = PUSHED.decode(log.topics, log.data, self.evm.endpoint)
        return Pushed(head=Hash32(head), number=BlockNumber(number), block=log.place.block, value=Wei(value))
