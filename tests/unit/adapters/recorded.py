"""Proofs that were recorded of real contracts, served again: an L1 that answers `eth_getProof` as it did then."""

from collections.abc import Sequence

from xl2.core.header import Header
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Timestamp
from xl2_adapters.evm import Evm, Proof

Path = tuple[bytes, ...]


class Recorded(Evm):
    """Gives the paths of a recorded proof in their order, whoever asks."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__(ChainId(900), "http://127.0.0.1:1")
        self.left = list(paths)

    async def proof(self, account: Address, slots: Sequence[Hash32], at: BlockNumber) -> Proof:
        del account, at
        account_nodes, *storage = (self.left.pop(0) for _ in range(1 + len(slots)))
        return Proof(account=account_nodes, storage_root=Hash32(bytes(32)), storage=tuple(storage))


def header(state_root: str, timestamp: str) -> Header:
    """What is left of the header of a recorded block."""
    return Header(
        encoded=b"",
        hash=Hash32(bytes(32)),
        parent_hash=Hash32(bytes(32)),
        number=BlockNumber(1),
        state_root=Hash32(bytes.fromhex(state_root[2:])),
        timestamp=Timestamp(int(timestamp, 16)),
    )
