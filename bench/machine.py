"""
Machine: one anvil chain on which gas is exact.

Calls come in, the gas of their transactions goes out. Promise: the same calls cost the same on every run: accounts,
block times and the order of transactions are fixed, and the rules are those of the Prague upgrade. A transaction
that reverts is an error with the contract's own reason. What is measured is left to `gas`.
"""

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any

from attrs import define, field

from xl2.core.types import Address, ChainId, address, checksum
from xl2.errors import RpcRejected, Xl2Error
from xl2_adapters.abi import explain_revert
from xl2_adapters.rpc import Call, RpcClient, RpcLimits
from xl2_adapters.rpc_wire import Json
from xl2_contracts import artifact
from xl2_devnet.abi import Contract
from xl2_devnet.accounts import account
from xl2_devnet.anvil import anvil
from xl2_devnet.toolchain import ANVIL, find

#: Time of the first block; each block is one second later.
GENESIS_TIME = 1_800_000_000
#: Gas that every transaction brings: the most that one may (EIP-7825).
TRANSACTION_GAS = 1 << 24
#: Calls in one request: enough that requests are not what takes the time, below the 1 MB at which aiohttp warns.
_BATCH = 500
_DEPLOYER = account("deployer").address


class Failed(Xl2Error):
    """A measured transaction reverted."""

    default_remedy = "The bench calls the contracts wrongly, or they changed: read the reason above."


@define
class Machine:
    """A chain that mines when it is told to, one block a call."""

    chain: ChainId
    rpc: RpcClient = field(repr=False)

    async def deploy(self, name: str, *arguments: Any, contract: Contract | None = None) -> Address:
        """Deploy a contract by the name of its artifact, or the one given."""
        receipt = await self._receipt(await self._sent(None, (contract or ours(name)).creation(*arguments)))
        return address(receipt["contractAddress"])

    async def gas(self, to: Address, data: bytes, *, value: int = 0) -> int:
        """
        Send a transaction; the gas it used in all: base cost, calldata and execution, less refunds.

        Raises:
            Failed: it reverted.
        """
        receipt = await self._receipt(await self._sent(to, data, value))
        return int(receipt["gasUsed"], 16)

    async def send_many(self, to: Address, payloads: Sequence[bytes]) -> None:
        """
        Send transactions in this order, all in one block.

        Raises:
            Failed: one reverted.
        """
        # anvil answers the calls of a batch side by side, so the order is in the nonces.
        first = int(str(await self.rpc.call("eth_getTransactionCount", _DEPLOYER, "latest")), 16)
        sent = await self.rpc.batch(
            [_transaction(to, data, 0, 200_000, nonce) for nonce, data in enumerate(payloads, first)]
        )
        await self.rpc.call("evm_mine")
        for receipt in await self.rpc.batch([Call("eth_getTransactionReceipt", (each,)) for each in sent]):
            await self._check(receipt)

    async def read(self, to: Address, data: bytes) -> bytes:
        """What a call returns."""
        call: dict[str, Json] = {"from": _DEPLOYER, "to": checksum(to), "data": "0x" + data.hex()}
        return bytes.fromhex(str(await self.rpc.call("eth_call", call, "latest"))[2:])

    async def _sent(self, to: Address | None, data: bytes, value: int = 0) -> str:
        call = _transaction(to, data, value, TRANSACTION_GAS)
        try:
            sent = str(await self.rpc.call(call.method, *call.params))
        except RpcRejected as refused:
            raise Failed(f"anvil refused a transaction: {refused.what}") from refused
        await self.rpc.call("evm_mine")
        return sent

    async def _receipt(self, sent: str) -> Any:
        receipt = await self.rpc.call("eth_getTransactionReceipt", sent)
        return await self._check(receipt)

    async def _check(self, receipt: Any) -> Any:
        if receipt["status"] != "0x1":
            trace: Any = await self.rpc.call(
                "debug_traceTransaction", receipt["transactionHash"], {"tracer": "callTracer"}
            )
            raise Failed(f"a transaction reverted: {explain_revert(bytes.fromhex(trace.get('output', '0x')[2:]))}")
        return receipt


@contextlib.asynccontextmanager
async def machine(chain: int) -> AsyncIterator[Machine]:
    """Start an anvil with chain id `chain`, and stop it at the end."""
    binary = find(ANVIL, os.environ, say=lambda sentence: print(sentence, file=sys.stderr))
    rules = (
        "--chain-id", str(chain), "--hardfork", "prague", "--timestamp", str(GENESIS_TIME), "--gas-limit", "1000000000",
        "--no-mining", "--order", "fifo",
    )  # fmt: skip
    limits = RpcLimits(max_batch=_BATCH, read_timeout_seconds=120, total_timeout_seconds=120)
    async with (
        anvil(binary, f"chain {chain}", port=0, arguments=rules) as node,
        RpcClient(node.url, limits=limits) as rpc,
    ):
        await rpc.require_chain(chain)
        await rpc.call("anvil_setBlockTimestampInterval", 1)
        yield Machine(chain=ChainId(chain), rpc=rpc)


def ours(name: str) -> Contract:
    """One of xl2's contracts, as its committed artifact has it."""
    compiled = artifact(name)
    return Contract(name=name, abi=compiled.abi, bytecode=compiled.bytecode)


def _transaction(to: Address | None, data: bytes, value: int, gas: int, nonce: int | None = None) -> Call:
    fields: dict[str, Json] = {"from": _DEPLOYER, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(gas)}
    if to is not None:
        fields["to"] = checksum(to)
    if nonce is not None:
        fields["nonce"] = hex(nonce)
    return Call("eth_sendTransaction", (fields,))
