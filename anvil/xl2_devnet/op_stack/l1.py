"""
OP Stack on L1: Optimism's production contracts for any number of rollups, deployed by one plan.

A plan and, for each rollup, its chain id and anchor root come in; the addresses of its contracts go out. Promise: the
contracts are those of contracts-bedrock 0.17.3 behind ERC-1967 proxies of one ProxyAdmin, initialized as Optimism's
deploy script does; only the clocks are short. Implementations that hold nothing of one rollup are shared, as on
Ethereum. What stands on the L2 is `genesis`.
"""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from xl2_devnet.abi import op_stack
from xl2_devnet.accounts import account
from xl2_devnet.clocks import Clocks
from xl2_devnet.plan import Plan

#: Game type of the permissionless fault dispute game.
CANNON = 0
#: Of the claim that opens a game, in wei, as on Ethereum.
GAME_BOND = 80_000_000_000_000_000
#: Scalars of the L1 data fee, as Optimism's deploy configuration has them.
BASE_FEE_SCALAR = 1368
BLOB_BASE_FEE_SCALAR = 810_949

_ZERO = "0x" + "00" * 20
#: Hash of the program that a disputed step is proven with. Nobody disputes down to a step here.
_ABSOLUTE_PRESTATE = b"\x03" + bytes(31)
_GAME_DEPTH, _SPLIT_DEPTH = 73, 30
_MIN_PREIMAGE_BYTES = 126_000
#: Price and amount of the gas that deposits buy on L2 (ResourceMetering's defaults).
_RESOURCE_CONFIG = (20_000_000, 10, 8, 10**9, 1_000_000, 2**128 - 1)


@frozen(kw_only=True)
class Shared:
    """What all rollups of one L1 have in common."""

    proxy_admin: str
    superchain_config: str
    vm: str
    implementations: dict[str, str]


def batcher_hash(batcher: str) -> bytes:
    """The batcher's address as SystemConfig and L1Block know it."""
    return bytes(12) + bytes.fromhex(batcher[2:])


def plan_shared(plan: Plan, clocks: Clocks) -> Shared:
    """Deploy what all rollups share: the proxies' admin, the pause, the fault proof's machine, implementations."""
    owner = account("deployer").address
    admin = plan.create(op_stack("ProxyAdmin"), owner)
    oracle = plan.create(op_stack("PreimageOracle"), _MIN_PREIMAGE_BYTES, clocks.max_clock_seconds)
    implementations = {
        "OptimismPortal2": plan.create(
            op_stack("OptimismPortal2"), clocks.proof_maturity_seconds, clocks.game_finality_seconds
        ),
        "DelayedWETH": plan.create(op_stack("DelayedWETH"), clocks.bond_delay_seconds),
        **{name: plan.create(op_stack(name)) for name in _PLAIN_IMPLEMENTATIONS},
    }
    shared = Shared(
        proxy_admin=admin,
        superchain_config=plan.create(op_stack("Proxy"), admin),
        vm=plan.create(op_stack("MIPS"), oracle),
        implementations=implementations,
    )
    _initialize(plan, shared, shared.superchain_config, "SuperchainConfig", owner, False)
    return shared


def plan_proxies(plan: Plan, shared: Shared) -> dict[str, str]:
    """Deploy the proxies of one rollup; their addresses, which its L2 genesis must know."""
    return {name: plan.create(op_stack("Proxy"), shared.proxy_admin) for name in _PROXIED}


def plan_rollup(
    plan: Plan, shared: Shared, clocks: Clocks, at: Mapping[str, str], *, chain_id: int, anchor_root: bytes
) -> dict[str, str]:
    """Bring one rollup to life behind its proxies `at`; its addresses by the names that configurations use.

    `anchor_root`: output root of the L2's genesis, from which every dispute begins.
    """
    owner, pause = account("deployer").address, shared.superchain_config
    registry = plan.create(op_stack("AnchorStateRegistry"), at["dispute_game_factory"])

    def initialize(name: str, *arguments: Any) -> None:
        _initialize(plan, shared, at[name], _PROXIED[name], *arguments)

    initialize(
        "system_config", owner, BASE_FEE_SCALAR, BLOB_BASE_FEE_SCALAR, batcher_hash(account("proposer").address),
        clocks.gas_limit, owner, _RESOURCE_CONFIG, f"0xff{chain_id:038d}",
        (at["l1_cross_domain_messenger"], at["l1_erc721_bridge"], at["l1_standard_bridge"], at["dispute_game_factory"],
         at["portal"], at["mintable_erc20_factory"], _ZERO),
    )  # fmt: skip
    initialize("dispute_game_factory", owner)
    initialize("delayed_weth", owner, pause)
    _initialize(
        plan,
        shared,
        at["anchor_state_registry"],
        "AnchorStateRegistry",
        [(CANNON, (anchor_root, 0))],
        implementation=registry,
    )
    initialize("portal", at["dispute_game_factory"], at["system_config"], pause, CANNON)
    initialize("l1_cross_domain_messenger", pause, at["portal"], at["system_config"])
    initialize("l1_standard_bridge", at["l1_cross_domain_messenger"], pause, at["system_config"])
    initialize("l1_erc721_bridge", at["l1_cross_domain_messenger"], pause)
    initialize("mintable_erc20_factory", at["l1_standard_bridge"])
    game = plan.create(
        op_stack("FaultDisputeGame"), CANNON, _ABSOLUTE_PRESTATE, _GAME_DEPTH, _SPLIT_DEPTH, 0,
        clocks.max_clock_seconds, shared.vm, at["delayed_weth"], at["anchor_state_registry"], chain_id,
    )  # fmt: skip
    factory = op_stack("DisputeGameFactory")
    plan.call(at["dispute_game_factory"], factory, "setImplementation", CANNON, game)
    plan.call(at["dispute_game_factory"], factory, "setInitBond", CANNON, GAME_BOND)
    return {
        **at,
        "superchain_config": pause,
        "proxy_admin": shared.proxy_admin,
        # A game is a clone of this one, and what stands behind a proxy is pinned by whoever proves its storage.
        "dispute_game_implementation": game,
        "portal_implementation": shared.implementations["OptimismPortal2"],
        "dispute_game_factory_implementation": shared.implementations["DisputeGameFactory"],
        "superchain_config_implementation": shared.implementations["SuperchainConfig"],
    }


#: Implementations without constructor arguments.
_PLAIN_IMPLEMENTATIONS = (
    "SuperchainConfig", "SystemConfig", "DisputeGameFactory", "L1CrossDomainMessenger", "L1StandardBridge",
    "L1ERC721Bridge", "OptimismMintableERC20Factory",
)  # fmt: skip

#: What each rollup has of its own behind a proxy: the name in configurations, and the contract.
_PROXIED = {
    "system_config": "SystemConfig",
    "dispute_game_factory": "DisputeGameFactory",
    "portal": "OptimismPortal2",
    "l1_cross_domain_messenger": "L1CrossDomainMessenger",
    "l1_standard_bridge": "L1StandardBridge",
    "l1_erc721_bridge": "L1ERC721Bridge",
    "mintable_erc20_factory": "OptimismMintableERC20Factory",
    "delayed_weth": "DelayedWETH",
    "anchor_state_registry": "AnchorStateRegistry",
}


def _initialize(
    plan: Plan, shared: Shared, proxy: str, name: str, *arguments: Any, implementation: str | None = None
) -> None:
    plan.call(
        shared.proxy_admin,
        op_stack("ProxyAdmin"),
        "upgradeAndCall",
        proxy,
        implementation or shared.implementations[name],
        op_stack(name).call("initialize", *arguments),
    )
