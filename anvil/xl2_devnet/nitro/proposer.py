"""
Nitro proposer: states on L1 what the L2 is after each batch, and sees each such assertion through to its confirmation.

Batches on L1 come in; assertions go out, staked on and confirmed when their period is over. Promise: every assertion
made here is true, except those that a test asked to be false (`Controls.claim_falsely`), which another validator makes:
those get a true rival at once and are never confirmed. A dispute is not played out, which on a real chain takes weeks:
where there is a rival, the chain's owner confirms the true assertion after the period, as a security council may.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve
from eth_utils import keccak

from xl2.errors import NotYet, RpcRejected
from xl2_adapters.rpc_wire import mapping, quantity, sequence
from xl2_devnet.abi import stand_in
from xl2_devnet.controls import ROOTS
from xl2_devnet.l1_account import L1Account, Transaction
from xl2_devnet.nitro.assertion import ROLLUP, Assertion
from xl2_devnet.nitro.batcher import LOOK_SECONDS, BatchEnd, PostingFailed, end_at, end_of
from xl2_devnet.nitro.l1 import LIARS, STAKE
from xl2_devnet.rollup import Berth

log = logging.getLogger(__name__)

_TOKEN = stand_in("StakeTokenStandIn")
_BRIDGE = stand_in("BridgeStandIn")
_EXECUTOR = stand_in("IUpgradeExecutor")

_ASSERT_GAS, _CONFIRM_GAS, _COUNCIL_GAS, _TOKEN_GAS = 2_000_000, 1_000_000, 2_000_000, 200_000
#: L1 may take back what an assertion hangs on while it is on its way: so often it is looked at anew.
_MOST_REFUSALS = 5


class NitroProposer:
    """Validator of one L2; `start` once, then `run`."""

    name = "proposer"

    def __init__(self, berth: Berth) -> None:
        """Nothing is done before `start`."""
        self._chain = berth.site.name
        self._l1, self._l2 = berth.l1, berth.l2
        self._at = berth.rollup
        self._proposer = berth.l1_account("proposer")
        self._council = berth.l1_account("deployer")
        self._liars = [berth.l1_account(role) for role in LIARS]
        self._controls = berth.controls
        #: From the last confirmed one to the newest, each the child of the one before.
        self._line: list[Assertion] = []
        self._refusals = 0

    async def start(self) -> None:
        """Take up behind the assertions that are there."""
        await self._take_up()

    async def run(self) -> None:
        """Assert and confirm; returns only by raising."""
        while True:
            await self._assert_if_possible()
            await self._confirm_if_due()
            await asyncio.sleep(LOOK_SECONDS)

    async def _take_up(self) -> None:
        """Read the line of true assertions from L1."""
        found: Sequence[Assertion] = ()
        self._line = []
        while not self._line:
            # Again where L1 took blocks back between the two.
            (confirmed,) = await self._read("rollup", ROLLUP, "latestConfirmed")
            found = await self._logs("0x0")
            self._line = [assertion for assertion in found if assertion.hash == confirmed]
        while following := [a for a in found if a.parent == self._line[-1].hash and await self._is_true(a)]:
            self._line.append(following[0])

    async def _logs(self, first_block: str) -> Sequence[Assertion]:
        query: dict[str, Any] = {
            "address": self._at["rollup"],
            "fromBlock": first_block,
            "topics": [ROLLUP.topic("AssertionCreated")],
        }
        logs = sequence(await self._l1.call("eth_getLogs", query), self._l1.name)
        return [Assertion.of(mapping(entry, self._l1.name)) for entry in logs]

    async def _is_true(self, assertion: Assertion) -> bool:
        return await self._l2.call("eth_getBlockByHash", "0x" + assertion.block_hash.hex(), False) is not None

    async def _assert_if_possible(self) -> None:
        tip = self._line[-1]
        (count,) = await self._read("bridge", _BRIDGE, "sequencerMessageCount")
        if count < tip.next_position or self._controls.withholds(ROOTS, self._chain):
            return
        end = await self._end(tip.next_position)
        if end is None:
            return
        if self._controls.takes_false(self._chain):
            await self._lie(tip, end)
        if await self._stake(self._proposer, tip, end):
            made = [a for a in await self._logs(hex(tip.at)) if a.parent == tip.hash and a.block_hash == end.block_hash]
            self._line += made[:1]

    async def _end(self, position: int) -> BatchEnd | None:
        """What the L2 holds at the end of so many batches: it may have gone back since they were made, after L1.

        None: it has not got there again.
        """
        posted = await end_of(self._l1, self._at["sequencer_inbox"], position)
        if posted is None:
            # The first batch is RollupCreator's own, which brings no block but the genesis.
            return await end_at(self._l2, 0)
        try:
            return await end_at(self._l2, posted.number)
        except NotYet:
            return None
        except RpcRejected:
            # No longer kept, as the roots were withheld for long: then it is what it was.
            return posted

    async def _lie(self, tip: Assertion, end: BatchEnd) -> None:
        if not self._liars:
            raise PostingFailed(f"all {len(LIARS)} validators of {self._chain} that may lie have lied")
        false = evolve(end, block_hash=keccak(b"false" + end.block_hash))
        log.warning("false assertion", extra={"fields": {"chain": self._chain, "block": end.number}})
        await self._stake(self._liars.pop(0), tip, false)

    async def _stake(self, staker: L1Account, tip: Assertion, end: BatchEnd) -> bool:
        (staked,) = await self._read("rollup", ROLLUP, "isStaked", staker.address)
        token, rollup = self._at["stake_token"], self._at["rollup"]
        funding = [
            Transaction(to=token, data=_TOKEN.call("deposit"), gas=_TOKEN_GAS, value=STAKE),
            Transaction(to=token, data=_TOKEN.call("approve", rollup, STAKE), gas=_TOKEN_GAS),
        ]
        stake = None if staked else STAKE
        making = Transaction(to=rollup, data=tip.stake_call(end, stake=stake), gas=_ASSERT_GAS)
        return await self._done(staker, *([] if staked else funding), making)

    async def _confirm_if_due(self) -> None:
        if len(self._line) < 2:
            return
        parent, child = self._line[:2]
        latest = quantity(await self._l1.call("eth_blockNumber"), self._l1.name)
        # The transaction runs in the next block.
        if latest + 1 < child.at + parent.confirm_blocks:
            return
        (node,) = await self._read("rollup", ROLLUP, "getAssertion", parent.hash)
        if node[1]:
            done = await self._done(self._council, *self._decree(parent, child))
        else:
            confirm = child.confirm_call(parent)
            done = await self._done(self._proposer, Transaction(to=self._at["rollup"], data=confirm, gas=_CONFIRM_GAS))
        if done:
            self._line.pop(0)

    def _decree(self, parent: Assertion, child: Assertion) -> list[Transaction]:
        """What the chain's owner does where a rival would have to be disputed."""
        force = ROLLUP.call("forceConfirmAssertion", child.hash, parent.hash, child.state, child.batch_acc)
        orders = [ROLLUP.call("pause"), force, ROLLUP.call("resume")]
        rollup, executor = self._at["rollup"], self._at.get("upgrade_executor")
        if executor is None:
            return [Transaction(to=rollup, data=order, gas=_COUNCIL_GAS) for order in orders]
        return [
            Transaction(to=executor, data=_EXECUTOR.call("executeCall", rollup, order), gas=_COUNCIL_GAS)
            for order in orders
        ]

    async def _done(self, sender: L1Account, *transactions: Transaction) -> bool:
        """Send; whether all succeeded. What was refused is looked at anew."""
        receipts = await sender.send(*transactions)
        if all(_succeeded(receipt) for receipt in receipts):
            self._refusals = 0
            return True
        self._refusals += 1
        if self._refusals > _MOST_REFUSALS:
            raise PostingFailed(
                f"L1 refuses what the validator of {self._chain} does ({self._refusals} times in a row)"
            )
        await self._take_up()
        return False

    async def _read(self, place: str, contract: Any, function: str, *arguments: Any) -> tuple[Any, ...]:
        answer = await self._proposer.read(self._at[place], contract.call(function, *arguments))
        found: tuple[Any, ...] = contract.result(function, answer)
        return found


def _succeeded(receipt: Mapping[str, Any]) -> bool:
    return int(receipt["status"], 16) == 1
