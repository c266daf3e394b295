"""
Log ranges: the logs of a contract in a range of blocks, and each of them one that was asked for.

Comes in: which logs, and how to ask. Goes out: entries in the order of the chain. Promise: a range that an endpoint
finds too long is halved until it fits, and grows again; a single block whose hash is known is asked for by that hash,
so that no other block of that height answers. Whether an endpoint told the truth is left to `flow` (logs against
storage).
"""

from collections.abc import Awaitable, Callable, Sequence

from attrs import field, frozen

from xl2.core.types import Address, BlockNumber, Hash32, checksum, hex_text
from xl2.errors import RpcRejected, RpcTooLarge, RpcUnavailable
from xl2.ports import Place
from xl2_adapters import rpc_wire
from xl2_adapters.blocks import hash_of
from xl2_adapters.node_words import asks_for_less
from xl2_adapters.rpc_wire import Json

#: Blocks in one `eth_getLogs`; more is refused by many public endpoints.
_LOG_RANGE = 2_000
#: So many ranges in a row must fit before a halved one is doubled: a limit that stays costs few refusals.
_FITS_TO_GROW = 4

Ask = Callable[[str, Json], Awaitable[Json]]


@frozen(kw_only=True)
class Log:
    """A log entry, as the node sent it."""

    topics: tuple[bytes, ...]
    data: bytes = field(repr=False)
    place: Place


@frozen(kw_only=True)
class Wanted:
    """Logs of a contract; by place of the topic, the values allowed, None: any."""

    contract: Address
    topics: Sequence[Sequence[bytes] | None]
    #: What errors call whoever answers.
    endpoint: str

    async def read(
        self, ask: Ask, first: BlockNumber, last: BlockNumber, known_hash: Callable[[BlockNumber], Hash32 | None]
    ) -> list[Log]:
        """
        Logs of a range of blocks, in their order.

        `known_hash`: hash of a block, where that is known. Raises `RpcUnavailable` for logs that were not asked for,
        and what the endpoint said where a shorter range would not help.
        """
        known = known_hash(last) if first == last else None
        if known is not None:
            try:
                answer = await ask("eth_getLogs", self._of({"blockHash": hex_text(known)}))
                return self._entries(answer, first, last, known)
            except RpcRejected:
                # The block is gone, or nobody here takes a hash: by its number then, as ever.
                pass
        return await self._ranges(ask, first, last)

    async def _ranges(self, ask: Ask, first: BlockNumber, last: BlockNumber) -> list[Log]:
        found: list[Log] = []
        at = int(first)
        length, fits = _LOG_RANGE, 0
        while at <= last:
            end = min(at + length - 1, last)
            try:
                answer = await ask("eth_getLogs", self._of({"fromBlock": hex(at), "toBlock": hex(end)}))
            except (RpcRejected, RpcTooLarge) as refused:
                if end == at or not asks_for_less(refused):
                    raise
                length, fits = (end - at + 1) // 2, 0
                continue
            found += self._entries(answer, at, end, None)
            at, fits = end + 1, fits + 1
            if fits == _FITS_TO_GROW:
                length, fits = min(2 * length, _LOG_RANGE), 0
        return found

    def _of(self, blocks: dict[str, Json]) -> dict[str, Json]:
        topics: list[Json] = [
            None if any_of is None else [hex_text(topic) for topic in any_of] for any_of in self.topics
        ]
        return {"address": checksum(self.contract), "topics": topics, **blocks}

    def _entries(self, answer: Json, first: int, last: int, block_hash: Hash32 | None) -> list[Log]:
        entries = [self._entry(entry, first, last, block_hash) for entry in rpc_wire.sequence(answer, self.endpoint)]
        return sorted(entries, key=lambda log: (log.place.block, log.place.log_index))

    def _entry(self, entry: Json, first: int, last: int, block_hash: Hash32 | None) -> Log:
        name = self.endpoint
        fields = rpc_wire.mapping(entry, name)
        topics = tuple(rpc_wire.data(topic, name) for topic in rpc_wire.sequence(fields.get("topics"), name))
        place = Place(
            block=BlockNumber(rpc_wire.count(fields.get("blockNumber"), name)),
            block_hash=hash_of(fields.get("blockHash"), name),
            tx_hash=hash_of(fields.get("transactionHash"), name),
            log_index=rpc_wire.count(fields.get("logIndex"), name),
        )
        matches = len(topics) >= len(self.topics) and all(
            any_of is None or topic in any_of for topic, any_of in zip(topics, self.topics, strict=False)
        )
        if (
            rpc_wire.data(fields.get("address"), name) != self.contract
            or not first <= place.block <= last
            or block_hash not in (None, place.block_hash)
            or not matches
            or fields.get("removed") is True
        ):
            raise RpcUnavailable(f"{name} sent a log of block {place.block} that was not asked for", endpoint=name)
        return Log(topics=topics, data=rpc_wire.data(fields.get("data"), name), place=place)
