"""
Traffic: messages signed before the clock starts, handed over in batches, and found again on the destination.

Promise: a run counts only if the destination's inbox says of every message that it was delivered, and its recipient
was called once for each. When a message was sent and delivered is what the chains' blocks say.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

import aiohttp
import orjson
from attrs import frozen
from coincurve import PrivateKey

from bench.ground import RECIPIENT
from xl2.core.evidence import Finality
from xl2.core.hashing import keccak
from xl2.core.lane import Lane
from xl2.core.receipt import Delivered, parse_receipt
from xl2.core.types import Address, BlockNumber, ChainId, Timestamp, Wei, address, checksum, hex_text
from xl2.errors import Xl2Error
from xl2_adapters.op_stack.chain import OpChain
from xl2_adapters.op_stack.interop.transaction import Unsigned
from xl2_devnet.accounts import Account

#: Calls in one request.
BATCH: Final = 100
#: What each message pays its relayer.
FEE: Final = Wei(10**9)
_BODY: Final = bytes(range(32))
_GAS_LIMIT: Final = 100_000
_SEND_GAS: Final = 150_000
_MAX_FEE: Final = Wei(10**12)
_POLL_SECONDS: Final = 0.05
_PATIENCE_SECONDS: Final = 180.0


class Incomplete(Xl2Error):
    """A message was not delivered, or not once."""

    default_remedy = "Read the relayer's log."


@frozen(kw_only=True)
class Signed:
    """Requests that are ready to be sent, and how many messages they hold."""

    url: str
    bodies: tuple[bytes, ...]
    messages: int


@frozen(kw_only=True)
class Delivery:
    """What became of the messages of one lane."""

    messages: int
    #: Blocks of the destination from the last one before a message's own block was made to the one that delivered it.
    waits: tuple[int, ...]
    #: Transactions that delivered.
    transactions: int


async def signed(origin: OpChain, lane: Lane, messages: int, sender: Account) -> Signed:
    """Sign so many sends of one account, ready to be handed over."""
    call = origin.send_call(
        lane, recipient=RECIPIENT, payload=_BODY, gas_limit=_GAS_LIMIT, expiry=Timestamp(0), allow_no_code=False,
        fee=FEE,
    )  # fmt: skip
    key = PrivateKey.from_hex(sender.private_key.removeprefix("0x"))
    first = await origin.tx_nonce(address(sender.address))
    raws = [_raw(origin.chain, nonce, call.to, call.data, key) for nonce in range(first, first + messages)]
    bodies = [orjson.dumps([_request(place, raw) for place, raw in enumerate(raws[start : start + BATCH])])
              for start in range(0, messages, BATCH)]  # fmt: skip
    return Signed(url=origin.settings.rpc_url, bodies=tuple(bodies), messages=messages)


async def hand_over(what: Signed) -> None:
    """Send as fast as the node takes it. Raises `Incomplete` where it refuses one."""
    answers = []
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as session:
        for body in what.bodies:
            async with session.post(what.url, data=body) as response:
                answers.append(await response.read())
    refused = [one["error"] for answer in answers for one in orjson.loads(answer) if "error" in one]
    if refused:
        raise Incomplete(f"the node refused {len(refused)} of {what.messages} sends, first: {refused[0]}")


async def called(destination: OpChain) -> int:
    """How often the recipient was called: its slot 0, which began at 1."""
    word = await destination.ask("eth_getStorageAt", checksum(RECIPIENT), "0x0", "latest")
    return int(str(word), 16) - 1


async def until_called(destinations: Mapping[ChainId, tuple[OpChain, int]]) -> float:
    """
    Wait until each recipient was called so often; the clock's time then. Raises `Incomplete`.

    One chain is asked at a time, until it has all: the last of them ends the run, and the others are spared questions.
    """
    began = time.perf_counter()
    for chain, (destination, wanted) in destinations.items():
        while (count := await called(destination)) < wanted:
            if time.perf_counter() - began > _PATIENCE_SECONDS:
                raise Incomplete(f"{count} of {wanted} messages were delivered on chain {chain}")
            await asyncio.sleep(_POLL_SECONDS)
    return time.perf_counter()


async def next_block(chain: OpChain) -> None:
    """Wait for one: anvil's storage shows what a block does a moment before it shows the block."""
    before = (await chain.head(Finality.LATEST)).number
    while (await chain.head(Finality.LATEST)).number == before:  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(_POLL_SECONDS)


async def delivered(
    origin: OpChain, destination: OpChain, lane: Lane, since: Mapping[ChainId, BlockNumber]
) -> Delivery:
    """What both chains say of a lane's messages from these blocks on. Raises `Incomplete` for one not delivered."""
    seen = since[lane.destination]
    tips = (await origin.head(Finality.LATEST)).number, (await destination.head(Finality.LATEST)).number
    sent = {one.message.nonce: one.place.block for one in await origin.sent(lane, since[lane.origin], tips[0])}
    entries = await destination.receipts(lane, seen, tips[1])
    arrived: dict[int, BlockNumber] = {}
    for entry in entries:
        receipt = parse_receipt(entry.data)
        if isinstance(receipt, Delivered):
            for nonce in receipt.nonces:
                if nonce in arrived:
                    raise Incomplete(f"message {nonce} was delivered twice")
                arrived[nonce] = entry.place.block
    missing = sent.keys() - arrived.keys()
    if missing:
        raise Incomplete(f"{len(missing)} of {len(sent)} messages have no receipt")
    made = {block: (await origin.block(block)).timestamp for block in set(sent.values())}
    clock = [(await destination.block(BlockNumber(block))) for block in range(seen, tips[1] + 1)]
    before = {
        block: max((one.number for one in clock if one.timestamp <= at), default=seen) for block, at in made.items()
    }
    return Delivery(
        messages=len(sent),
        waits=tuple(arrived[nonce] - before[block] for nonce, block in sent.items()),
        transactions=len({entry.place.tx_hash for entry in entries}),
    )


def _raw(chain: ChainId, nonce: int, to: Address, data: bytes, key: PrivateKey) -> str:
    unsigned = Unsigned(
        chain=chain, tx_nonce=nonce, to=to, data=data, gas_limit=_SEND_GAS, max_fee=_MAX_FEE, priority_fee=Wei(1)
    )
    signature = key.sign_recoverable(keccak(unsigned.preimage()), hasher=None)
    return hex_text(unsigned.raw(signature[:64] + bytes((signature[64] + 27,))))


def _request(place: int, raw: str) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": place, "method": "eth_sendRawTransaction", "params": [raw]}
