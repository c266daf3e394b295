"""Messages between two chains, made of nothing."""

from eth_abi import encode

from xl2.core.hashing import keccak
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Timestamp
from xl2.ports import Place
from xl2_adapters.evm import Log
from xl2_adapters.op_stack.interop.contracts import SENT
from xl2_adapters.op_stack.interop.messages import Sent, sent_of

ORIGIN = ChainId(901)
DESTINATION = ChainId(902)


def place(block: int, log_index: int = 0) -> Place:
    return Place(
        block=BlockNumber(block),
        block_hash=keccak(b"block" + block.to_bytes(8)),
        tx_hash=keccak(b"transaction" + block.to_bytes(8) + log_index.to_bytes(4)),
        log_index=log_index,
    )


def message(
    nonce: int, *, block: int = 5, body: bytes = b"hello", source: ChainId = ORIGIN, destination: ChainId = DESTINATION
) -> Sent:
    target, sender = Address(bytes(19) + b"\x77"), Address(bytes(19) + b"\x55")
    topics = (SENT.topic, destination.to_bytes(32), target.rjust(32, b"\0"), nonce.to_bytes(32))
    log = Log(
        topics=topics,
        data=encode(["address", "bytes"], ["0x" + sender.hex(), body]),
        place=place(block, nonce),
    )
    return sent_of(log, source, Timestamp(1_000 + 2 * block))


def hash_of(number: int) -> Hash32:
    return keccak(number.to_bytes(8))
