"""
Nitro on L1: Arbitrum's production contracts for any number of chains, created by its own RollupCreator.

A plan and the unpacked package come in; the addresses of each chain's contracts go out. Promise: the contracts are
those of @arbitrum/nitro-contracts 3.2.0 (BoLD), put together as on Ethereum; only the clocks are short, stakes are in a
test token, and the WebAssembly machine that a dispute would end in has a root that nothing was built from. What stands
on the L2 is `genesis`; what takes their place where they cannot be fetched is `stand_ins`.
"""

from collections.abc import Sequence
from typing import Any

from attrs import frozen
from eth_utils import to_checksum_address

from xl2_adapters.rpc import RpcClient
from xl2_adapters.rpc_wire import data, mapping, sequence
from xl2_devnet.accounts import account
from xl2_devnet.clocks import Clocks
from xl2_devnet.nitro.contracts import Arbitrum
from xl2_devnet.plan import Plan

STAKE = 10**18
#: Validators that claim what is false when a test asks. Each is stuck with its claim for good, as its stake is.
LIARS = ("challenger", "erin", "frank", "grace")

_ZERO = "0x" + "00" * 20
_IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
#: Bytes of a batch; what leaves room for the transaction around it.
_MAX_DATA_SIZE = 117_964
#: createRollup makes ten proxies and initializes them.
_CREATE_ROLLUP_GAS = 20_000_000
_FINISHED = 1
_NOTHING = (([bytes(32)] * 2, [0, 0]), _FINISHED, bytes(32))
#: Any root: nobody disputes down to a step of the machine here.
_MACHINE = b"\x5a" * 32
#: Leaves of a dispute's history on each of its three levels, the least that the contracts take.
_HISTORY = 2**5
_MINI_STAKES = [STAKE // 10] * 3
#: The delay buffer is for chains that ask for it.
_NO_BUFFER = (2**32, 2**32, 0)


@frozen(kw_only=True)
class Creator:
    """What all chains of one L1 are created by."""

    address: str
    stake_token: str


def plan_creator(plan: Plan, own: Arbitrum) -> Creator:
    """Deploy the templates that RollupCreator copies, and RollupCreator."""

    def create(path: str, *arguments: Any) -> str:
        return plan.create(own.contract(path), *arguments)

    reader = plan.create(own.reader_4844())

    def templates(prefix: str, *, token: bool) -> tuple[str, ...]:
        return (
            create(f"bridge/{prefix}Bridge"),
            create("bridge/SequencerInbox", _MAX_DATA_SIZE, reader, token, False),
            create("bridge/SequencerInbox", _MAX_DATA_SIZE, reader, token, True),
            create(f"bridge/{prefix}Inbox", _MAX_DATA_SIZE),
            create(f"rollup/{prefix}RollupEventInbox"),
            create(f"bridge/{prefix}Outbox"),
        )

    bridge_creator = create("rollup/BridgeCreator", templates("", token=False), templates("ERC20", token=True))
    provers = [create(f"osp/OneStepProver{part}") for part in ("0", "Memory", "Math")]
    address = create(
        "rollup/RollupCreator",
        account("deployer").address,
        bridge_creator,
        create("osp/OneStepProofEntry", *provers, create("osp/OneStepProverHostIo", _ZERO)),
        create("challengeV2/EdgeChallengeManager"),
        create("rollup/RollupAdminLogic"),
        create("rollup/RollupUserLogic"),
        create("mocks/UpgradeExecutorMock"),
        create("rollup/ValidatorWalletCreator"),
        create("rollup/DeployHelper"),
    )
    return Creator(address=address, stake_token=create("mocks/TestWETH9", "Stake", "STAKE"))


def plan_rollup(plan: Plan, own: Arbitrum, creator: Creator, clocks: Clocks, *, chain_id: int) -> None:
    """Have one chain's contracts created; `created` reads where they are."""
    owner, proposer = account("deployer").address, account("proposer").address
    validators = [proposer, *(account(role).address for role in LIARS)]
    config = (
        clocks.confirm_blocks, creator.stake_token, STAKE, _MACHINE, owner, owner, chain_id, "{}",
        0,  # blocks between assertions: as the proposer has it
        2**32,  # blocks after which anybody may validate
        _MINI_STAKES,
        (clocks.force_inclusion_blocks, 48, 86_400, 3_600),
        _HISTORY, _HISTORY, _HISTORY, _NOTHING,
        0,  # batches before the genesis
        _ZERO,  # nobody confirms at once
        1,  # levels of big steps
        0,  # blocks of grace after a dispute
        _NO_BUFFER,
        0,  # price of L1's data at the beginning: that of the block
    )  # fmt: skip
    deployment = (
        config,
        validators,
        _MAX_DATA_SIZE,
        _ZERO,  # ether pays for gas
        False,  # no factories on L2
        0,
        [proposer],
        owner,
        _ZERO,
        _ZERO,
    )
    contract = own.contract("rollup/RollupCreator")
    plan.call(creator.address, contract, "createRollup", deployment, gas=_CREATE_ROLLUP_GAS)


async def created(l1: RpcClient, own: Arbitrum, creator: Creator) -> Sequence[dict[str, str]]:
    """The contracts of all chains that were created, in their order, by the names that configurations use."""
    contract = own.contract("rollup/RollupCreator")
    found = await l1.call(
        "eth_getLogs",
        {"address": creator.address, "fromBlock": "0x0", "topics": [contract.topic("RollupCreated")]},
    )
    rollups = []
    for entry in sequence(found, l1.name):
        event = contract.event(mapping(entry, l1.name))
        if event is not None:
            at = event.arguments
            rollups.append(
                {
                    "rollup": at["rollupAddress"],
                    "inbox": at["inboxAddress"],
                    "outbox": at["outbox"],
                    "outbox_implementation": await implementation(l1, at["outbox"]),
                    "bridge": at["bridge"],
                    "bridge_implementation": await implementation(l1, at["bridge"]),
                    "sequencer_inbox": at["sequencerInbox"],
                    "rollup_event_inbox": at["rollupEventInbox"],
                    "challenge_manager": at["challengeManager"],
                    "upgrade_executor": at["upgradeExecutor"],
                    "proxy_admin": at["adminProxy"],
                    "stake_token": creator.stake_token,
                }
            )
    return rollups


async def implementation(l1: RpcClient, proxy: str) -> str:
    """What stands behind an ERC-1967 proxy."""
    word = data(await l1.call("eth_getStorageAt", proxy, _IMPLEMENTATION_SLOT, "latest"), l1.name)
    return to_checksum_address(word[-20:])
