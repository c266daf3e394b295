"""
ZK stack on L1: Matter Labs' Diamond with all its facets, and the ERC-20 bridge beside it, deployed by one plan.

A plan and a chain id come in; the addresses of the rollup's contracts go out. Promise: the contracts are those of
@matterlabs/zksync-contracts 0.6.1, put together by DiamondInit as its deploy script does; all of it checks what it
checks on Ethereum, but for one: the verifier is `ZkVerifierStandIn`, which proves nothing. The bridge asks for its
counterpart on L2 by two priority operations, as on Ethereum; that zkVM code cannot run here, so the genesis puts a
stand-in at the address which L1 computed.
"""

from collections.abc import Iterator

from attrs import frozen
from eth_utils import keccak
from eth_utils.abi import function_abi_to_4byte_selector

from xl2_devnet.abi import stand_in
from xl2_devnet.accounts import account
from xl2_devnet.plan import Plan
from xl2_devnet.zk_stack.contracts import zk_stack

#: Commitment and block hash that the chain of batches begins at: nothing is proven from them.
GENESIS_HASH, GENESIS_COMMITMENT = keccak(text="xl2 devnet: genesis batch"), keccak(text="xl2 devnet: genesis")
#: What the bridge sends with each of its two operations: their gas at the least price, which holds below 23 gwei on L1.
_BRIDGE_OPERATION_FEE = 10_000_000 * 500_000_000

_FACETS = ("DiamondCutFacet", "GettersFacet", "GovernanceFacet", "ExecutorFacet", "MailboxFacet")
_FREEZABLE = {"ExecutorFacet", "MailboxFacet"}
_ADD_FACET = 0
#: AllowList: anyone may call the Diamond.
_PUBLIC = 2
#: Most L2 gas of a priority operation.
_MOST_PRIORITY_GAS = 72_000_000
#: Stand for zkVM bytecodes, whose hash has a version and a length in words: 1 and 1.
_NO_BYTECODE_HASH = b"\x01\x00\x00\x01" + bytes(28)
#: Where zkVM bytecodes of the L2 bridge, its proxy and its tokens' proxy would be: one word each, which is odd enough.
_BYTECODES = [
    text.ljust(32) for text in (b"stand-in: L2 bridge", b"stand-in: L2 bridge proxy", b"stand-in: L2 token proxy")
]
_PROXY_GAS = 2_000_000
#: Where the beacon of L2 tokens would be; L1 wants anything but zero.
_BEACON = "0x000000000000000000000000000000000000bEaC"


@frozen(kw_only=True)
class Shared:
    """What all ZK rollups of one L1 have in common."""

    allow_list: str
    verifier: str
    diamond_init: str
    facets: dict[str, str]


def plan_shared(plan: Plan) -> Shared:
    """Deploy facets, initializer, list of who may call, and the verifier's stand-in."""
    return Shared(
        allow_list=plan.create(zk_stack("AllowList"), account("deployer").address),
        verifier=plan.create(stand_in("ZkVerifierStandIn")),
        diamond_init=plan.create(zk_stack("DiamondInit")),
        facets={name: plan.create(zk_stack(name)) for name in _FACETS},
    )


def plan_rollup(plan: Plan, shared: Shared, *, l1_chain_id: int) -> dict[str, str]:
    """Bring one rollup to life; its addresses by the names that configurations use."""
    owner, validator = account("deployer").address, account("proposer").address
    initialize = zk_stack("DiamondInit").call(
        "initialize", shared.verifier, owner, validator, GENESIS_HASH, 0, GENESIS_COMMITMENT, shared.allow_list,
        (bytes(32), bytes(32), bytes(32)), False, _NO_BYTECODE_HASH, _NO_BYTECODE_HASH, _MOST_PRIORITY_GAS,
    )  # fmt: skip
    # The chain id that its proxy checks is that of the chain it stands on.
    cut = (list(_cuts(shared)), shared.diamond_init, initialize)
    diamond = plan.create(zk_stack("DiamondProxy"), l1_chain_id, cut)
    implementation = plan.create(zk_stack("L1ERC20Bridge"), diamond, shared.allow_list)
    # Its admin cannot call through it, so it is another account than the one which initializes.
    bridge = plan.create(
        zk_stack("TransparentUpgradeableProxy"), implementation, account("guardian").address, b"", gas=_PROXY_GAS
    )
    for open_to_all in (diamond, bridge):
        plan.call(shared.allow_list, zk_stack("AllowList"), "setAccessMode", open_to_all, _PUBLIC)
    fee = _BRIDGE_OPERATION_FEE
    plan.call(bridge, zk_stack("L1ERC20Bridge"), "initialize", _BYTECODES, _BEACON, owner, fee, fee, value=2 * fee)
    return {"diamond": diamond, "l1_bridge": bridge, "allow_list": shared.allow_list, "verifier": shared.verifier}


def _cuts(shared: Shared) -> Iterator[tuple[str, int, bool, list[bytes]]]:
    """Each facet with the selectors that it brings; `getName`, which all have, belongs to none."""
    for name, facet in shared.facets.items():
        functions = [entry for entry in zk_stack(name).abi if entry["type"] == "function"]
        selectors = [
            function_abi_to_4byte_selector(entry)  # type: ignore[arg-type]
            for entry in functions
            if entry["name"] != "getName"
        ]
        yield facet, _ADD_FACET, name in _FREEZABLE, selectors
