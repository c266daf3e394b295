"""
ZK genesis: an empty `anvil --network optimism` gets what a ZK-stack chain has at its system addresses.

A node and the rollup's contracts on L1 come in; a chain that lets ether, tokens and messages out to L1 goes out. zkVM
system contracts do not run on an EVM, so small stand-ins with their calls, events and messages stand at their addresses
(`contracts/devnet/zk_stack`). Not there: the zkVM's own rules (account abstraction, paymasters, its gas and its
addresses of contracts), which nothing of xl2 uses.
"""

from collections.abc import Mapping

from xl2_adapters.rpc import Call, RpcClient
from xl2_devnet.abi import runtime

BOOTLOADER = "0x0000000000000000000000000000000000008001"
L1_MESSENGER = "0x0000000000000000000000000000000000008008"
BASE_COIN = "0x000000000000000000000000000000000000800a"
SYSTEM_CONTEXT = "0x000000000000000000000000000000000000800b"

PREDEPLOYS: Mapping[str, str] = {"L1Messenger": L1_MESSENGER, "BaseToken": BASE_COIN}
#: Who calls where no sender is named. anvil charges even a call, so it has ether, as it happens to have elsewhere.
CALLERS = ("0x" + "00" * 20,)
CALLER_ETHER = 1_000


async def write_genesis(rpc: RpcClient, rollup: Mapping[str, str]) -> None:
    """Lay the stand-ins into an empty chain; mines one block.

    `rollup`: `l1_bridge` and `l2_bridge`, where L1 expects the counterpart.
    """
    await rpc.batch(
        [
            *[Call("anvil_setCode", (address, runtime(name))) for name, address in PREDEPLOYS.items()],
            Call("anvil_setCode", (rollup["l2_bridge"], runtime("L2Erc20Bridge"))),
            Call("anvil_setStorageAt", (rollup["l2_bridge"], "0x0", "0x" + rollup["l1_bridge"][2:].rjust(64, "0"))),
            *[Call("anvil_setBalance", (caller, hex(CALLER_ETHER * 10**18))) for caller in CALLERS],
        ]
    )
    await rpc.call("evm_mine")
