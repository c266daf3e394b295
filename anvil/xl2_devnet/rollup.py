"""
Rollup: one family of rollups as the devnet builds and runs it. The family's package implements what stands here.

Nodes and plans come in; contracts on L1 and L2, system transactions and what is posted to L1 go out. Promise: whoever
implements these protocols has a rollup that `xl2 devnet up --l2 <kind>` starts, in any mix with others. When blocks are
sealed is `sequencer`'s; which kinds there are is told in `kinds`.

Order of a start: `prepare` (packages), `deploy` (L1 side, L2 genesis), then for xl2 `plan_own` and `plan_rule` on L2s
and `plan_live` on L1; all of that is skipped where a snapshot is loaded. Then `node` for each L2, in every start.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from attrs import frozen

from xl2_adapters.rpc import RpcClient
from xl2_adapters.rpc_wire import Json
from xl2_devnet.clocks import Clocks
from xl2_devnet.controls import Controls
from xl2_devnet.l1_account import L1Account
from xl2_devnet.origin import L1Origin, Told
from xl2_devnet.plan import Plan
from xl2_devnet.sites import Site
from xl2_devnet.system_transaction import SystemTransaction

#: Told one plain sentence about each thing that takes time.
Say = Callable[[str], object]


class Pass:
    """What an `Answer` gives for a call that the chain itself shall answer."""


PASS: Final = Pass()
#: Answers one JSON-RPC call of users by its parameters; raises RpcRejected for an error.
Answer = Callable[[Sequence[Any]], Awaitable[Json | Pass]]


@frozen(kw_only=True)
class Building:
    """An L2 to be: an anvil that does not mine by itself."""

    site: Site
    rpc: RpcClient


@frozen(kw_only=True)
class Berth:
    """Where one L2 runs, and all that its node may use."""

    site: Site
    #: The anvils themselves; `l2` must not repeat a call.
    l1: RpcClient
    l2: RpcClient
    #: The rollup's contracts on L1, as `Rollup.deploy` named them.
    rollup: Mapping[str, str]
    clocks: Clocks
    #: Seconds, monotonic.
    clock: Callable[[], float]
    #: The one sender of each account on L1, by role: nonces are in its keeping.
    l1_account: Callable[[str], L1Account]
    controls: Controls


class Derivation(Protocol):
    """What L1 blocks become on one L2."""

    def opening(self, origin: L1Origin, sequence_number: int) -> SystemTransaction:
        """The first transaction of an L2 block. `sequence_number` counts L2 blocks of one origin from 0."""

    def told(self, transaction: Mapping[str, Any]) -> Told | None:
        """What `opening` told, read back from the first transaction of a block as JSON-RPC gives it.

        None: it is no opening; the block is of the genesis, or of what was deployed with it.
        """

    async def deposits(self, origin: L1Origin) -> Sequence[SystemTransaction]:
        """What users of L1 asked for in this very block (by its hash), in order."""

    async def follow_ups(self, block: Mapping[str, Any]) -> Sequence[SystemTransaction]:
        """What a sealed L2 block calls for: executed in the next one, before anything of users.

        A function of the block alone, since it is asked again after a rollback. Nitro: scheduled redeems.
        """


class Poster(Protocol):
    """A task that states on L1 what the L2 is: proposer, batcher, validator."""

    @property
    def name(self) -> str:
        """One word: the devnet names the task `<name> <chain>`."""

    async def start(self) -> None:
        """Take up from what stands on L1."""

    async def run(self) -> None:
        """Post; returns only by raising."""


class Node(Protocol):
    """What runs one L2 besides the sequencer."""

    @property
    def derivation(self) -> Derivation:
        """Its derivation."""

    @property
    def answers(self) -> Mapping[str, Answer]:
        """JSON-RPC methods that this kind's nodes answer and anvil does not, or not so; by name."""

    def posters(self, busy_block: Callable[[int], int]) -> Sequence[Poster]:
        """Its posters. `busy_block(n)`: the last L2 block up to n with more than an opening in it, 0: there is none."""


class Rollup(Protocol):
    """One family of rollups on the devnet. One object serves all L2s of the family, in one start."""

    @property
    def family(self) -> str:
        """Entry point of `xl2.adapters`."""

    @property
    def versions(self) -> Sequence[str]:
        """What was fetched for it, by exact version, and whether stand-ins stand for it; known after `prepare`.

        Part of a snapshot's key.
        """

    @property
    def notices(self) -> Sequence[str]:
        """What stands in for the real thing, in sentences for whoever starts it; known after `prepare`."""

    @property
    def l1_gas_limit(self) -> int:
        """Least gas limit of an L1 block that its deployment needs; 0: any."""

    @property
    def predeploys(self) -> Mapping[str, str]:
        """What every L2 of the family has at a known address, by contract name."""

    def prepare(self, environ: Mapping[str, str], say: Say) -> None:
        """Fetch what is needed and not vendored; runs in a thread, and before everything else."""

    async def deploy(
        self, plan: Plan, l1: RpcClient, l2s: Sequence[Building], clocks: Clocks
    ) -> Mapping[str, Mapping[str, str]]:
        """Build the L1 side and the genesis of all L2s of the family; the rollups' contracts on L1, by chain name.

        `plan` is the deployer's on L1 and shared with the other families: `await plan.carry_out(l1)` whenever what was
        planned must stand. A plan of one's own for another account is fine as well.

        Raises:
            DeploymentFailed: a transaction did not succeed.
        """

    def plan_own(self, plan: Plan, site: Site, on_l1: Mapping[str, str]) -> Mapping[str, str]:
        """Create on an L2 of the family what xl2 needs there because of it; addresses by role.

        In any case `checkpoints`. `on_l1`: xl2's contracts on L1 (`router`, `anchor_blocks`).
        """

    def plan_rule(self, plan: Plan, rollup: Mapping[str, str], clocks: Clocks) -> str | None:
        """Create on a reader, of any family, the ISettledRule of this rollup; None: it has no state root to prove."""

    def plan_live(self, plan: Plan, site: Site, rollup: Mapping[str, str], own: Mapping[str, str]) -> str:
        """Create on L1 the IRollup of this rollup. `own`: what `plan_own` created on the L2."""

    def node(self, berth: Berth) -> Node:
        """What runs one L2."""
