"""
Plan: transactions of one account, in order, with the addresses of what they create known before any is sent.

Creations and calls come in; a batch of transactions goes out, mined and each checked. Promise: after `carry_out` every
transaction of the plan has succeeded, or the one that did not is named. The account is unlocked on the node (anvil
signs), so this is for setting a devnet up, never for a chain whose keys matter.
"""

import asyncio
from typing import Any

import rlp
from attrs import define, field, frozen
from eth_utils import keccak, to_bytes, to_checksum_address

from xl2.errors import Fatal
from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import mapping, quantity
from xl2_devnet.abi import Contract

#: Covers the largest contract that EIP-170 allows: 24,576 bytes at 200 gas, its initcode and constructor.
CREATION_GAS = 12_000_000
CALL_GAS = 2_000_000
_GAS_PRICE = 10**10


class DeploymentFailed(Fatal):
    """A transaction that sets the devnet up did not succeed."""

    default_remedy = "The devnet's own parts do not fit together: this is a defect of xl2, please report it."


def created_by(account: str, nonce: int) -> str:
    """Address of the contract that an account creates with this nonce (yellow paper, section 7)."""
    return to_checksum_address(keccak(rlp.encode([to_bytes(hexstr=account), nonce]))[12:])


@frozen(kw_only=True)
class _Step:
    label: str
    transaction: dict[str, Any]


@define(kw_only=True)
class Plan:
    """Transactions to be sent by `account`, whose next transaction has the number `tx_nonce`."""

    account: str
    tx_nonce: int
    #: What it creates, by address.
    created: dict[str, Contract] = field(factory=dict, init=False)
    _steps: list[_Step] = field(factory=list, init=False)
    #: A plan may have several planners: whoever carries it out carries out the steps of all, and the others wait.
    _turn: asyncio.Lock = field(factory=asyncio.Lock, init=False, repr=False)

    @classmethod
    async def of(cls, rpc: RpcClient, account: str) -> "Plan":
        """An empty plan for an account as it stands on the chain."""
        counted = await rpc.call("eth_getTransactionCount", account, "latest")
        return cls(account=account, tx_nonce=quantity(counted, rpc.name))

    def create(self, contract: Contract, *arguments: Any, gas: int = CREATION_GAS) -> str:
        """Deploy `contract`; its address."""
        address = created_by(self.account, self.tx_nonce)
        self.created[address] = contract
        self._add(f"create {contract.name}", gas, data="0x" + contract.creation(*arguments).hex())
        return address

    def call(
        self, to: str, contract: Contract, function: str, *arguments: Any, value: int = 0, gas: int = CALL_GAS
    ) -> None:
        """Call `function` of the `contract` at `to`."""
        calldata = contract.call(function, *arguments)
        label = f"{contract.name}.{function}"
        self._add(label, gas, to=to, data="0x" + calldata.hex(), value=hex(value))

    async def carry_out(self, rpc: RpcClient) -> None:
        """Send all, mine until all are in blocks, check each. The chain must not mine by itself meanwhile.

        Raises:
            DeploymentFailed: a transaction reverted or was left out.
            RpcRejected: the node would not take one.
        """
        async with self._turn:
            steps, self._steps = self._steps, []
            await self._carry_out(rpc, steps)

    async def _carry_out(self, rpc: RpcClient, steps: list[_Step]) -> None:
        sent = await rpc.batch([Call("eth_sendTransaction", (step.transaction,)) for step in steps])
        waiting = [
            (step.label, Call("eth_getTransactionReceipt", (tx_hash,)))
            for step, tx_hash in zip(steps, sent, strict=True)
        ]
        while waiting:
            await rpc.call("evm_mine")
            receipts = await rpc.batch([receipt for _, receipt in waiting])
            for (label, _), receipt in zip(waiting, receipts, strict=True):
                if receipt is not None and quantity(mapping(receipt, rpc.name)["status"], rpc.name) != 1:
                    raise DeploymentFailed(f"{label} reverted at {rpc.name}")
            left = [step for step, receipt in zip(waiting, receipts, strict=True) if receipt is None]
            if len(left) == len(waiting):
                raise DeploymentFailed(f"{left[0][0]} is not mined at {rpc.name}")
            waiting = left

    def _add(self, label: str, gas: int, **members: Any) -> None:
        transaction = {
            "from": self.account,
            "nonce": hex(self.tx_nonce),
            "gas": hex(gas),
            "maxFeePerGas": hex(_GAS_PRICE),
            "maxPriorityFeePerGas": hex(0),
            **members,
        }
        self._steps.append(_Step(label=label, transaction=transaction))
        self.tx_nonce += 1
