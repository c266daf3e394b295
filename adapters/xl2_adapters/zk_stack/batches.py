"""
Batches: what a ZK-stack chain said to L1, proven under the batches that L1 has executed.

A transaction of the chain and what it said come in; a proof goes out. Promise: the node's word counts for nothing: each
proof was brought to the log root that the Diamond holds, and taken by the Diamond where it goes on through another
chain. A batch that is sealed, committed or proven but not executed is `NotYet`.
Source: `zks_getL2ToL1LogProof` and `eth_getTransactionReceipt` of zksync-era.
"""

from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

from xl2.core.types import Address, BlockNumber, Hash32, address, hex_text
from xl2.errors import NotYet, ProofInvalid, RpcUnavailable
from xl2_adapters import rpc_wire
from xl2_adapters.evm import Evm
from xl2_adapters.rpc import Json
from xl2_adapters.zk_stack.diamond import Diamond
from xl2_adapters.zk_stack.logs import BOOTLOADER, L2Log, ends_here, root_of
from xl2_adapters.zk_stack.proofs import MessageProof, OutcomeProof


@frozen(kw_only=True)
class _Placed:
    """A transaction's place in its batch, and its logs to L1 there."""

    tx_hash: Hash32
    batch: int
    tx_number: int
    logs: Sequence[L2Log]


@frozen(kw_only=True)
class Batches:
    """The batches of one chain."""

    rollup: Evm
    diamond: Diamond

    async def message(
        self, tx_hash: Hash32, sender: Address, message: bytes, *, nth: int = 0, at: BlockNumber | None = None
    ) -> MessageProof:
        """
        Proof of a message of `sender` in a transaction, where it said the same several times of the `nth`.

        `at`: block of L1. Raises `NotYet` while its batch is not executed there, `ProofInvalid` where the node's proof
        does not hold or the transaction said no such thing.
        """
        placed = await self._placed(tx_hash)
        wanted = MessageProof(
            batch=placed.batch, index=0, tx_number=placed.tx_number, sender=sender, message=message, path=()
        ).log
        place = _place(placed, lambda log: log == wanted, nth)
        index, path = await self._path(placed, place)
        proof = MessageProof(
            batch=placed.batch, index=index, tx_number=placed.tx_number, sender=sender, message=message, path=path
        )
        await self._verify(proof, at)
        return proof

    async def outcome(self, canonical_hash: Hash32, at: BlockNumber | None = None) -> OutcomeProof:
        """Proof of what became of a priority operation. Raises as `message`."""
        placed = await self._placed(canonical_hash)
        place = _place(placed, lambda log: log.sender == BOOTLOADER and log.key == canonical_hash, 0)
        index, path = await self._path(placed, place)
        proof = OutcomeProof(
            batch=placed.batch,
            index=index,
            tx_number=placed.tx_number,
            canonical_hash=canonical_hash,
            succeeded=any(placed.logs[place].value),
            path=path,
        )
        await self._verify(proof, at)
        return proof

    async def _placed(self, tx_hash: Hash32) -> _Placed:
        fields = await self._receipt(tx_hash)
        if fields is None:
            raise NotYet(f"transaction {hex_text(tx_hash)} is in no block of chain {self.rollup.chain}")
        name = self.rollup.endpoint
        if fields.get("l1BatchNumber") is None:
            raise NotYet(
                f"transaction {hex_text(tx_hash)} is in no batch of chain {self.rollup.chain} yet",
                remedy="Batches are sealed every few minutes; wait.",
            )
        return _Placed(
            tx_hash=tx_hash,
            batch=rpc_wire.quantity(fields["l1BatchNumber"], name),
            tx_number=rpc_wire.quantity(fields.get("l1BatchTxIndex"), name),
            logs=[self._log(entry) for entry in rpc_wire.sequence(fields.get("l2ToL1Logs"), name)],
        )

    async def _receipt(self, tx_hash: Hash32) -> Mapping[str, Json] | None:
        found = await self.rollup.ask("eth_getTransactionReceipt", hex_text(tx_hash))
        return None if found is None else rpc_wire.mapping(found, self.rollup.endpoint)

    def _log(self, entry: Json) -> L2Log:
        name, fields = self.rollup.endpoint, rpc_wire.mapping(entry, self.rollup.endpoint)
        return L2Log(
            shard=rpc_wire.quantity(fields.get("shardId"), name),
            is_service=fields.get("isService") is True,
            # A real node names the place in the batch so; the transaction's own place is asked for beside it.
            tx_number=rpc_wire.quantity(fields.get("txIndexInL1Batch"), name),
            sender=address(rpc_wire.data(fields.get("sender"), name)),
            key=Hash32(rpc_wire.data(fields.get("key"), name)),
            value=Hash32(rpc_wire.data(fields.get("value"), name)),
        )

    async def _path(self, placed: _Placed, place: int) -> tuple[int, tuple[Hash32, ...]]:
        """Index in the tree and path, as the node has them."""
        name = self.rollup.endpoint
        found = await self.rollup.ask("zks_getL2ToL1LogProof", hex_text(placed.tx_hash), place)
        if found is None:
            raise NotYet(f"{name} has no proof for batch {placed.batch} yet")
        fields = rpc_wire.mapping(found, name)
        index = fields.get("id")
        if isinstance(index, bool) or not isinstance(index, int) or index < 0:
            raise RpcUnavailable(f"{name} sent a proof without a place in the tree: {index!r}", endpoint=name)
        nodes = [rpc_wire.data(node, name) for node in rpc_wire.sequence(fields.get("proof"), name)]
        if any(len(node) != 32 for node in nodes):
            raise RpcUnavailable(f"{name} sent a proof with a node that is no hash", endpoint=name)
        return index, tuple(Hash32(node) for node in nodes)

    async def _verify(self, proof: MessageProof | OutcomeProof, at: BlockNumber | None) -> None:
        computed = root_of(proof.log.leaf, proof.index, proof.path)
        if not ends_here(proof.path):
            await self._verify_onward(proof, at)
            return
        root = await self.diamond.logs_root(proof.batch, at)
        if root is None:
            raise NotYet(
                f"batch {proof.batch} of chain {self.rollup.chain} is not executed on l1",
                remedy="It is executed once it is proven and the chain's execution delay has passed; wait.",
            )
        if computed != root:
            raise ProofInvalid(
                f"{self.rollup.endpoint} proves log {proof.index} of batch {proof.batch} under root "
                f"{hex_text(computed)}; l1 holds {hex_text(root)}"
            )

    async def _verify_onward(self, proof: MessageProof | OutcomeProof, at: BlockNumber | None) -> None:
        """A proof that goes on through another chain is the Diamond's to judge: only it finds that chain's roots."""
        if not await self.diamond.takes(proof, at):
            raise NotYet(
                f"l1 does not take the proof of batch {proof.batch} of chain {self.rollup.chain} through the chain "
                "that it settles on",
                remedy="Wait until that chain's own batch is executed on l1; if it stays so, ask another node.",
            )


def _place(placed: _Placed, fits: Callable[[L2Log], bool], nth: int) -> int:
    """Place among the transaction's logs of the `nth` that fits."""
    places = [place for place, log in enumerate(placed.logs) if fits(log)]
    if nth >= len(places):
        raise ProofInvalid(
            f"transaction {hex_text(placed.tx_hash)} said that {len(places)} times to l1, as its node tells; "
            f"looked for is number {nth + 1}"
        )
    return places[nth]
