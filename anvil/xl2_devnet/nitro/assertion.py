"""
Nitro assertion: what a validator says of the L2's state on L1, and what that hangs on.

Logs of the rollup come in, calldata goes out. Promise: an assertion that L1 holds is known here by its event alone, so
that whoever starts anew builds on what stands. When one is made and confirmed is left to `proposer`.
Source: nitro-contracts 3.2.0, `RollupCore.sol`, `Assertion.sol`.
"""

from collections.abc import Mapping
from typing import Any, Self

from attrs import frozen

from xl2_devnet.abi import stand_in
from xl2_devnet.nitro.batcher import BatchEnd

ROLLUP = stand_in("RollupStandIn")

_FINISHED = 1
_NO_HISTORY = bytes(32)
#: Instead of the hash of an assertion that one is sure of, where one may be overtaken.
_ANY = bytes(32)


@frozen(kw_only=True)
class Assertion:
    """One that L1 holds."""

    hash: bytes
    parent: bytes
    #: L1 block that made it.
    at: int
    #: Batches that the next one must have read.
    next_position: int
    #: The accumulator of batches up to those that it has read.
    batch_acc: bytes
    #: As the contract's struct AssertionState.
    state: tuple[Any, ...]
    #: As the contract's struct ConfigData: what its children are held to.
    config: tuple[Any, ...]

    @classmethod
    def of(cls, log: Mapping[str, Any]) -> Self:
        """From a log AssertionCreated."""
        event = ROLLUP.event(log)
        if event is None or event.name != "AssertionCreated":
            raise ValueError(f"not an AssertionCreated log: {log}")
        made = event.arguments
        terms = (made["wasmModuleRoot"], made["requiredStake"], made["challengeManager"], made["confirmPeriodBlocks"])
        return cls(
            hash=made["assertionHash"],
            parent=made["parentAssertionHash"],
            at=int(log["blockNumber"], 16),
            next_position=made["inboxMaxCount"],
            batch_acc=made["afterInboxBatchAcc"],
            state=made["assertion"][2],
            config=(*terms, made["inboxMaxCount"]),
        )

    @property
    def block_hash(self) -> bytes:
        """Hash of the L2 block that it ends with; zero for the genesis."""
        found: bytes = self.state[0][0][0]
        return found

    @property
    def confirm_blocks(self) -> int:
        """L1 blocks that must pass over each of its children."""
        blocks: int = self.config[3]
        return blocks

    def child(self, end: BatchEnd) -> tuple[Any, ...]:
        """As the contract's struct AssertionInputs: what follows from this one, having read the batches it must."""
        after = (([end.block_hash, end.send_root], [self.next_position, 0]), _FINISHED, _NO_HISTORY)
        return (self.parent, self.batch_acc, self.config), self.state, after

    def stake_call(self, end: BatchEnd, *, stake: int | None) -> bytes:
        """Calldata that makes the child, with a new stake, or with the one that is there (None)."""
        if stake is None:
            return ROLLUP.call("stakeOnNewAssertion", self.child(end), _ANY)
        return ROLLUP.call("newStakeOnNewAssertion", stake, self.child(end), _ANY)

    def confirm_call(self, parent: "Assertion") -> bytes:
        """Calldata that confirms it, where it has no rival."""
        no_dispute = bytes(32)
        return ROLLUP.call(
            "confirmAssertion", self.hash, parent.hash, self.state, no_dispute, parent.config, self.batch_acc
        )
