"""
Log head: where in a contract's storage a head stands that covers what is asked for, and its proof.

Promise: of the current head and the page head the one with less to carry behind it is chosen; the proof was verified
by `core.trie` under the given state root before it is handed out.
"""

from attrs import frozen

from xl2.core import storage_proof
from xl2.core.evidence import Head
from xl2.core.lane import PAGE_SIZE, closing_page
from xl2.core.storage_proof import LogPlace
from xl2.core.trie import account_at, word_at
from xl2.core.types import BlockNumber, Hash32
from xl2.errors import NotYet, ProofInvalid
from xl2.ports import Chain, Log
from xl2_adapters.evm import Evm


@frozen(kw_only=True)
class LogHead:
    """A head in storage at a block, with the nodes that show it."""

    place: LogPlace
    head: Head
    account_nodes: tuple[bytes, ...]
    storage_nodes: tuple[bytes, ...]
    storage_root: Hash32


async def place_of(home: Chain, log: Log, count: int, at: BlockNumber) -> tuple[LogPlace, int]:
    """
    Where a head over at least `count` entries stands at a block, and over how many.

    Raises `NotYet` where the log has fewer at that block.
    """
    if not at:
        # No contract of ours is older than a chain's first block, and a node may not keep the state before it.
        raise NotYet(f"nothing of chain {log.home} but its genesis stands on its anchor yet")
    state = await home.log_state(log, at)
    if state.count < count:
        raise NotYet(
            f"what can be shown of chain {log.home} now is block {at}, where the log has {state.count} of the {count} "
            "entries that are needed"
        )
    page = closing_page(count - 1)
    if page * PAGE_SIZE < state.count:
        return LogPlace(lane=log.lane, kind=log.kind, page=page), page * PAGE_SIZE
    return LogPlace(lane=log.lane, kind=log.kind), state.count


async def prove_head(
    rollup: Evm, log: Log, *, place: LogPlace, count: int, at: BlockNumber, state_root: Hash32
) -> LogHead:
    """Fetch and verify the proof of a head. Raises `ProofInvalid` where the nodes do not show it."""
    proof = await rollup.proof(place.account, [place.slot], at)
    account_nodes, storage_nodes = storage_proof.nodes_of(proof.account), storage_proof.nodes_of(proof.storage[0])
    account = account_at(state_root, place.account, account_nodes)
    if account.storage_root != proof.storage_root:
        raise ProofInvalid(f"{rollup.endpoint} names another storage root than its proof shows")
    word = word_at(account.storage_root, place.slot, storage_nodes)
    return LogHead(
        place=place,
        head=Head(log=log.id, head=word, count=count),
        account_nodes=account_nodes,
        storage_nodes=storage_nodes,
        storage_root=account.storage_root,
    )
