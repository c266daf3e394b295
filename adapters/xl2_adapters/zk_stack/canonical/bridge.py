"""
Canonical: the bridge of a ZK-stack chain to its anchor: priority operations down, messages in executed batches up.

Promise: as `xl2.ports.canonical`: nothing is kept, all is read anew from both chains. Which contracts take the calls is
one switch (`eras`). A deposit pays for its gas on the chain at the highest price its own transaction can have on L1;
what is too much is refunded there.
"""

from collections.abc import Sequence

from attrs import frozen

from xl2.core.amounts import wei_and_ether
from xl2.core.evidence import Finality
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Wei, checksum, hex_text
from xl2.errors import InvalidInput, NotYet, Refused, Unaffordable
from xl2.ports import Call, Cargo, ChainSettings, Crossing, Direction, Move
from xl2_adapters import rpc_wire
from xl2_adapters.contracts.alias import speaker
from xl2_adapters.evm import Evm
from xl2_adapters.tx_logs import Included, included
from xl2_adapters.zk_stack import gas
from xl2_adapters.zk_stack.batches import Batches
from xl2_adapters.zk_stack.canonical.deposit import Deposits
from xl2_adapters.zk_stack.canonical.withdrawal import WITHDRAW, Withdrawals
from xl2_adapters.zk_stack.diamond import Diamond
from xl2_adapters.zk_stack.eras import BASE_COST, Era, Request, era_of
from xl2_adapters.zk_stack.logs import BASE_TOKEN
from xl2_adapters.zk_stack.payouts import Payouts
from xl2_adapters.zk_stack.requests import requested, requested_in
from xl2_adapters.zk_stack.tokens import Tokens

#: How far back a deposit is looked for by its hash on the chain, in L1 blocks: a week on Ethereum.
_LOOK_BACK_BLOCKS = 50_400
#: What the code of an account that delegates begins with (EIP-7702).
_DELEGATION = bytes.fromhex("ef0100")


@frozen(kw_only=True)
class ZkBridge:
    """The bridge of one chain. Implements `xl2.ports.CanonicalBridge`."""

    rollup_evm: Evm
    anchor_evm: Evm
    era: Era
    diamond: Diamond
    deposits: Deposits
    withdrawals: Withdrawals
    tokens: Tokens | None

    @classmethod
    def of(cls, settings: ChainSettings, rollup: Evm, anchor: Evm) -> "ZkBridge":
        """By a chain's settings. Raises `ConfigInvalid` where they lack a contract."""
        era = era_of(settings.chain, settings.rollup)
        diamond = Diamond(anchor, settings.rollup["diamond"])
        batches = Batches(rollup=rollup, diamond=diamond)
        bridge = None if "bridgehub" in settings.rollup else settings.rollup.get("l1_bridge")
        tokens = None if bridge is None else Tokens(rollup=rollup, anchor=anchor, bridge=bridge)
        return cls(
            rollup_evm=rollup,
            anchor_evm=anchor,
            era=era,
            diamond=diamond,
            deposits=Deposits(anchor=anchor, rollup=rollup, batches=batches, tokens=tokens),
            withdrawals=Withdrawals(
                anchor=anchor, rollup=rollup, batches=batches, payouts=Payouts(anchor, era), tokens=tokens
            ),
            tokens=tokens,
        )

    @property
    def rollup(self) -> ChainId:
        """Chain that settles on the other."""
        return self.rollup_evm.chain

    @property
    def anchor(self) -> ChainId:
        """Chain that the rollup settles on."""
        return self.anchor_evm.chain

    async def deposit_calls(self, cargo: Cargo, sender: Address) -> Sequence[Call]:
        """Calls on the anchor that send cargo to the rollup. Raises `Refused` as `_speaker` besides."""
        speaks_as = await self._speaker(sender)
        if cargo.token is not None:
            bridge = self._token_bridge(cargo)
            caller, to, data = await bridge.arriving(cargo, cargo.token, sender)
            limit = await self._gas_limit(caller, to, data, Wei(0), cargo.gas_limit)
            cost = await self._cost(limit)
            await self._check_ether(self.anchor_evm, sender, cost)
            return await bridge.deposit_calls(cargo, cargo.token, sender, gas_limit=limit, paid=cost)
        amount = Wei(cargo.amount)
        limit = await self._gas_limit(speaks_as, cargo.recipient, cargo.data, amount, cargo.gas_limit)
        paid = Wei(amount + await self._cost(limit))
        await self._check_ether(self.anchor_evm, sender, paid)
        to, data = self.era.request(
            Request(
                to=cargo.recipient, value=amount, data=cargo.data, gas_limit=limit, paid=paid, refund_recipient=sender
            )
        )
        what = f"deposit {wei_and_ether(amount)} to {checksum(cargo.recipient)} on chain {self.rollup}"
        return (Call(chain=self.anchor, to=to, data=data, value=paid, what=what),)

    async def withdraw_calls(self, cargo: Cargo, sender: Address) -> Sequence[Call]:
        """Calls on the rollup that send cargo to the anchor."""
        if cargo.token is not None:
            return await self._token_bridge(cargo).withdraw_calls(cargo, cargo.token, sender)
        if cargo.data:
            raise InvalidInput(
                "a withdrawal of ether calls nobody on l1 and takes no note",
                field="data",
                value=hex_text(cargo.data),
                remedy="Leave `data` out; a message of xl2 calls its recipient.",
            )
        await self._check_ether(self.rollup_evm, sender, Wei(cargo.amount))
        what = f"withdraw {wei_and_ether(cargo.amount)} to {checksum(cargo.recipient)} on l1"
        data = WITHDRAW.encode(cargo.recipient)
        return (Call(chain=self.rollup, to=BASE_TOKEN, data=data, value=Wei(cargo.amount), what=what),)

    async def duration(self, direction: Direction) -> int | None:  # noqa: ARG002
        """None: when a batch is sealed, proven and executed is the operator's choice, and no contract's getter."""
        return None

    async def crossings(self, tx_hash: Hash32) -> Sequence[Crossing]:
        """Deposits and withdrawals that a transaction began, or that it moved on."""
        down = await included(self.anchor_evm, tx_hash)
        if down is not None:
            begun = await self._deposits(down)
            if begun:
                return begun
            return [one for source in await self.withdrawals.behind(down) for one in await self._withdrawals(source)]
        found = await self._withdrawals(tx_hash)
        if found or await included(self.rollup_evm, tx_hash) is None:
            return found
        return await self._deposit_of(tx_hash)

    async def deposit_noted(self, note: bytes, sender: Address, since: BlockNumber) -> Hash32 | None:
        """Transaction of an operation of `sender` that calls with exactly these bytes."""
        tip = (await self.anchor_evm.head(Finality.LATEST)).number
        for asked in await requested(self.diamond, since, tip):
            if asked.data == note and asked.sender in (sender, speaker(sender)):
                return asked.place.tx_hash
        return None

    async def calls(self, crossing: Crossing, move: Move, actor: Address) -> Sequence[Call]:  # noqa: ARG002 - anybody may
        """Calls by which anybody makes a move; what comes of it goes to whom it is for."""
        fresh = await self._again(crossing)
        if move not in fresh.moves:
            name = f"{crossing.direction} {hex_text(crossing.key)}"
            if fresh.state.is_over or move not in crossing.moves:
                raise Refused(f"{name} is {fresh.state}: there is nothing to {move}", remedy="Ask for its state anew.")
            raise NotYet(f"{name} is {fresh.state} by now", remedy="Ask for its state anew.")
        if crossing.direction is Direction.WITHDRAWAL:
            above = await self._included(self.rollup_evm, crossing)
            return [
                await self.withdrawals.finalize_call(one)
                for one in await self.withdrawals.of(above)
                if one.key == crossing.key
            ]
        below = await self._included(self.anchor_evm, crossing)
        return [
            await self.deposits.reclaim_call(below, one)
            for one in requested_in(below, self.diamond)
            if one.canonical_hash == crossing.key
        ]

    async def _deposits(self, transaction: Included) -> list[Crossing]:
        return [
            await self.deposits.crossing(transaction, asked, index)
            for index, asked in enumerate(requested_in(transaction, self.diamond))
        ]

    async def _withdrawals(self, tx_hash: Hash32) -> list[Crossing]:
        above = await included(self.rollup_evm, tx_hash)
        if above is None:
            return []
        return [
            await self.withdrawals.crossing(one, index) for index, one in enumerate(await self.withdrawals.of(above))
        ]

    async def _deposit_of(self, canonical_hash: Hash32) -> list[Crossing]:
        """The deposit that a transaction of the chain carries out."""
        tip = (await self.anchor_evm.head(Finality.LATEST)).number
        for asked in await requested(self.diamond, BlockNumber(max(0, tip - _LOOK_BACK_BLOCKS)), tip):
            if asked.canonical_hash == canonical_hash:
                below = await included(self.anchor_evm, asked.place.tx_hash)
                found = [] if below is None else await self._deposits(below)
                return [one for one in found if one.key == canonical_hash]
        return []

    async def _again(self, crossing: Crossing) -> Crossing:
        for one in await self.crossings(crossing.sent.tx_hash):
            if one.key == crossing.key:
                return one
        raise NotYet(f"transaction {hex_text(crossing.sent.tx_hash)} does not hold this crossing any more")

    async def _included(self, evm: Evm, crossing: Crossing) -> Included:
        found = await included(evm, crossing.sent.tx_hash)
        if found is None:
            raise NotYet(f"transaction {hex_text(crossing.sent.tx_hash)} is in no block any more")
        return found

    async def _speaker(self, sender: Address) -> Address:
        """
        Who an account of L1 is on the chain: a contract its alias.

        Raises `Refused` for an account that delegates to code (EIP-7702): it speaks as itself, but the Mailbox takes it
        for a contract when it refunds, and what it refunds would be an alias's that nobody holds.
        """
        code = await self.anchor_evm.code(sender)
        if code.startswith(_DELEGATION):
            raise Refused(
                f"{checksum(sender)} delegates to code on l1: refunds of its deposits would go to "
                f"{checksum(speaker(sender))} on chain {self.rollup}, which nobody holds",
                remedy="End the delegation (EIP-7702) or deposit from another account, to the same recipient.",
            )
        return speaker(sender) if code else sender

    async def _gas_limit(self, caller: Address, to: Address, data: bytes, value: Wei, wanted: int | None) -> int:
        """`l2GasLimit` of an operation: for the gas that is wanted, or as the chain's node estimates it."""
        if wanted is not None:
            return gas.limit_for(wanted, len(data))
        request: dict[str, rpc_wire.Json] = {
            "from": checksum(caller),
            "to": checksum(to),
            "data": hex_text(data),
            "value": hex(value),
        }
        estimate = await self.rollup_evm.ask("zks_estimateGasL1ToL2", request)
        return rpc_wire.quantity(estimate, self.rollup_evm.endpoint)

    async def _cost(self, gas_limit: int) -> Wei:
        """Wei that the gas costs at the highest price that the transaction on L1 can have."""
        to, data = self.era.base_cost((await self.anchor_evm.fees()).max_fee, gas_limit)
        return Wei(BASE_COST.decode(await self.anchor_evm.view(to, data), self.anchor_evm.endpoint)[0])

    async def _check_ether(self, evm: Evm, owner: Address, amount: Wei) -> None:
        balance = await evm.balance(owner)
        if balance < amount:
            what = (
                f"{checksum(owner)} has {wei_and_ether(balance)} on chain {evm.chain}, needed are "
                f"{wei_and_ether(amount)} and its fee"
            )
            raise Unaffordable(what, needed=amount, available=balance)

    def _token_bridge(self, cargo: Cargo) -> Tokens:
        if self.tokens is None:
            raise Refused(
                f"chain {self.rollup} has no token bridge of the first era configured, and today's asset router is not "
                "spoken by this adapter",
                remedy="Add rollup.l1_bridge to the chain's settings, if it has an L1ERC20Bridge and no bridgehub.",
            )
        if cargo.data:
            raise InvalidInput("the token bridge takes no note beside tokens", field="data", value=hex_text(cargo.data))
        return self.tokens
