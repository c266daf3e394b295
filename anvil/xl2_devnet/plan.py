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
_BASE_FEE = 10**9
_GAS_PRICE = 10 * _BASE_FEE


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


@frozen(kw_only=True)
class _Waiting:
    step: _Step
    tx_hash: str


def _sending(step: _Step) -> Call:
    return Call("eth_sendTransaction", (step.transaction,))


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
        sent = await rpc.batch([_sending(step) for step in steps])
        waiting = [_Waiting(step=step, tx_hash=str(tx_hash)) for step, tx_hash in zip(steps, sent, strict=True)]
        sent_again = False
        while waiting:
            # Block after full block it would rise by an eighth each, past what the transactions pay, and stay there.
            await rpc.call("anvil_setNextBlockBaseFeePerGas", hex(_BASE_FEE))
            await rpc.call("evm_mine")
            receipts = await rpc.batch([Call("eth_getTransactionReceipt", (one.tx_hash,)) for one in waiting])
            for one, receipt in zip(waiting, receipts, strict=True):
                if receipt is not None and quantity(mapping(receipt, rpc.name)["status"], rpc.name) != 1:
                    raise DeploymentFailed(f"{one.step.label} reverted at {rpc.name}")
            left = [one for one, receipt in zip(waiting, receipts, strict=True) if receipt is None]
            if len(left) == len(waiting):
                if sent_again:
                    raise DeploymentFailed(f"{left[0].step.label} is not mined at {rpc.name}")
                # anvil takes the calls of a batch in no certain order, and may drop one that comes before its turn.
                for one in left:
                    await rpc.batch([_sending(one.step)])
            sent_again = len(left) == len(waiting)
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
