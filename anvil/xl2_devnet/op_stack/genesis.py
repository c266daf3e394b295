"""
OP Stack genesis: an empty `anvil --network optimism` becomes a rollup with its predeploys.

A node and the addresses of the two L1 contracts that the L2 must know come in; a chain whose first block holds the
predeploys goes out. Promise: proxies at 0x4200…00XX, implementations at 0xc0d3…00XX, as `L2Genesis.s.sol` of
contracts-bedrock lays them out, so that code which knows the OP Stack finds all where it looks.
"""

from collections.abc import Mapping

from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import Json
from xl2_devnet.abi import op_stack
from xl2_devnet.accounts import account
from xl2_devnet.plan import Plan

IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
_ADMIN_SLOT = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103"
#: Who calls where no sender is named, and who is named to have an estimate fail with the inner call. anvil charges
#: even a call the L1 data fee, so they have ether, as they happen to have on Ethereum's L2s.
CALLERS = ("0x" + "00" * 20, "0x" + "00" * 19 + "01")
CALLER_ETHER = 1_000
#: FeeVault's constructor: least withdrawal in wei, and 0 for "to L1".
_FEE_VAULT = (10**19, 0)


def predeploy(last_byte: int) -> str:
    """Address of a predeploy by its last byte."""
    return f"0x42000000000000000000000000000000000000{last_byte:02x}"


PREDEPLOYS: Mapping[str, str] = {
    "WETH": predeploy(0x06),
    "L2CrossDomainMessenger": predeploy(0x07),
    "GasPriceOracle": predeploy(0x0F),
    "L2StandardBridge": predeploy(0x10),
    "SequencerFeeVault": predeploy(0x11),
    "OptimismMintableERC20Factory": predeploy(0x12),
    "L2ERC721Bridge": predeploy(0x14),
    "L1Block": predeploy(0x15),
    "L2ToL1MessagePasser": predeploy(0x16),
    "ProxyAdmin": predeploy(0x18),
    "BaseFeeVault": predeploy(0x19),
    "L1FeeVault": predeploy(0x1A),
}
#: The one predeploy that stands at its address itself.
_UNPROXIED = "WETH"


async def write_genesis(rpc: RpcClient, contracts_on_l1: Mapping[str, str]) -> None:
    """Lay the predeploys into an empty chain and initialize them; mines one block.

    Raises:
        DeploymentFailed: an initialization reverted.
    """
    owner = account("deployer").address
    constructors: dict[str, tuple[object, ...]] = {"Proxy": (owner,), "ProxyAdmin": (owner,)}
    for vault in ("SequencerFeeVault", "BaseFeeVault", "L1FeeVault"):
        constructors[vault] = (owner, *_FEE_VAULT)
    names = ["Proxy", *PREDEPLOYS]
    # A call without recipient runs creation code and returns what it would deploy, immutables filled in.
    creations = [op_stack(name).creation(*constructors.get(name, ())) for name in names]
    codes = await rpc.batch(
        [Call("eth_call", ({"from": owner, "data": "0x" + creation.hex()}, "latest")) for creation in creations]
    )
    runtime = dict(zip(names, codes, strict=True))
    await rpc.batch(
        [
            *[call for name in PREDEPLOYS for call in _place(name, runtime)],
            # Owner of the ProxyAdmin; Ecotone and Fjord flags of the GasPriceOracle.
            _store(PREDEPLOYS["ProxyAdmin"], "0x0", _word(owner)),
            _store(PREDEPLOYS["GasPriceOracle"], "0x0", _word("0x0101")),
            *[Call("anvil_setBalance", (caller, hex(CALLER_ETHER * 10**18))) for caller in CALLERS],
        ]
    )
    plan = await Plan.of(rpc, owner)
    for name, argument in (
        ("L2CrossDomainMessenger", contracts_on_l1["l1_cross_domain_messenger"]),
        ("L2StandardBridge", contracts_on_l1["l1_standard_bridge"]),
        ("L2ERC721Bridge", contracts_on_l1["l1_erc721_bridge"]),
        ("OptimismMintableERC20Factory", PREDEPLOYS["L2StandardBridge"]),
    ):
        plan.call(PREDEPLOYS[name], op_stack(name), "initialize", argument)
    await plan.carry_out(rpc)


def _place(name: str, runtime: Mapping[str, Json]) -> list[Call]:
    address = PREDEPLOYS[name]
    if name == _UNPROXIED:
        return [Call("anvil_setCode", (address, runtime[name]))]
    implementation = f"0xc0d3c0d3c0d3c0d3c0d3c0d3c0d3c0d3c0d300{address[-2:]}"
    return [
        Call("anvil_setCode", (address, runtime["Proxy"])),
        Call("anvil_setCode", (implementation, runtime[name])),
        _store(address, IMPLEMENTATION_SLOT, _word(implementation)),
        _store(address, _ADMIN_SLOT, _word(PREDEPLOYS["ProxyAdmin"])),
    ]


def _store(address: str, slot: str, word: str) -> Call:
    return Call("anvil_setStorageAt", (address, slot, word))


def _word(value: str) -> str:
    return "0x" + value[2:].lower().rjust(64, "0")
