"""
Nitro genesis: an empty `anvil --network optimism` becomes an Arbitrum chain, as far as contracts can make it one.

A node comes in; a chain with the emulated precompiles goes out. Promise: what programs of Arbitrum call at 0x64, 0x6e
and 0xc8 answers by its production interface. Not there: the opcode NUMBER as L1's block, L1's share of gas, ArbOS' own
transaction types (`derive` says how those appear), and the precompiles that only its owners need.
"""

from collections.abc import Mapping

from xl2_adapters.rpc import Call, RpcClient
from xl2_devnet.abi import runtime

PRECOMPILES: Mapping[str, str] = {
    "ArbSys": "0x" + "64".rjust(40, "0"),
    "ArbRetryableTx": "0x" + "6e".rjust(40, "0"),
    "NodeInterface": "0x" + "c8".rjust(40, "0"),
    "ArbOS": "0x" + "a4b05".rjust(40, "0"),
}


async def write_genesis(l2: RpcClient) -> None:
    """Put the precompiles in place; mines one block."""
    await l2.batch([Call("anvil_setCode", (address, runtime(name))) for name, address in PRECOMPILES.items()])
    await l2.call("evm_mine")
