"""
Chain: a chain of the ZK stack: it is told of L1's blocks, its deposits buy their own gas, and what it says to L1 is
proven in executed batches. Its state is not.
"""

from typing import Any

from xl2.core.types import Address, Wei, address
from xl2.errors import ConfigInvalid, Reverted
from xl2_adapters.abi import Method
from xl2_adapters.anchor_view import AnchorView, SentView
from xl2_adapters.contracts.anchor_blocks import SentCheckpoints
from xl2_adapters.evm import Evm
from xl2_adapters.rollup import HeadSource, ProvableRoots
from xl2_adapters.rollup_chain import RollupChain
from xl2_adapters.zk_stack.announcements import Announcements
from xl2_adapters.zk_stack.batches import Batches
from xl2_adapters.zk_stack.diamond import Diamond
from xl2_adapters.zk_stack.eras import BASE_COST, era_of

NO_STORAGE_PROOFS = (
    "a ZK-stack chain's contracts on L1 hold roots of its batches over a tree of its own (Blake2s, not Ethereum's "
    "Merkle-Patricia trie), so no storage proof leads from an L1 block to its state; its logs are shown attested, or "
    "routed through L1 by announcements in executed batches"
)

DIAMOND_OF, ANNOUNCER_OF = Method("diamond()", "(address)"), Method("announcer()", "(address)")

#: `PriorityRequest.sol`: L2 gas that xl2's contracts ask for, for a call that takes so much on the EVM.
_BASE_GAS, _GAS_FACTOR = 600_000, 4


class ZkChain(RollupChain):
    """ZKsync Era, or another chain of the ZK stack."""

    def anchor_view(self, anchor: Evm, checkpoints: Address) -> AnchorView:
        """By what `AnchorBlocks` on L1 has sent."""
        return SentView(
            checkpoints=SentCheckpoints(self, checkpoints),
            anchor=anchor,
            start=self.settings.start,
            deposit_value=self.deposit_value,
        )

    async def deposit_value(self, anchor: Evm, size: int, gas_limit: int) -> Wei:  # noqa: ARG002 - priced by gas alone
        """
        Base cost of a priority operation, at the highest price that L1's gas can have for the transaction.

        L1 prices L2 gas by the gas price of the very transaction that asks; what is left over is refunded here.
        """
        era = era_of(self.chain, self.settings.rollup)
        to, data = era.base_cost((await anchor.fees()).max_fee, _BASE_GAS + _GAS_FACTOR * gas_limit)
        return Wei(BASE_COST.decode(await anchor.view(to, data), anchor.endpoint)[0])

    async def provable_roots(self, anchor: Evm, reader: Evm, rule: Address) -> ProvableRoots[Any]:  # noqa: ARG002
        """Raises `ConfigInvalid`: there are none."""
        raise ConfigInvalid(
            f"chain {self.chain} cannot be shown by storage proofs: {NO_STORAGE_PROOFS}",
            remedy="Take the verifier of kind `proven` about it out of the reader's settings.",
        )

    async def head_source(self, anchor: Evm, rollup: Address) -> HeadSource:
        """By announcements to the Diamond that the rollup's contract asks."""
        try:
            answers = await anchor.views([(rollup, DIAMOND_OF.encode()), (rollup, ANNOUNCER_OF.encode())])
        except Reverted as other:
            raise ConfigInvalid(
                f"the rollup contract of chain {self.chain} on l1 is no LiveBatches",
                remedy="Connect the router with a LiveBatches for a chain of the ZK stack.",
            ) from other
        diamond = address(DIAMOND_OF.decode(answers[0], anchor.endpoint)[0])
        announcer = address(ANNOUNCER_OF.decode(answers[1], anchor.endpoint)[0])
        batches = Batches(rollup=self, diamond=Diamond(anchor, diamond))
        return Announcements(home=self, batches=batches, announcer=announcer)
