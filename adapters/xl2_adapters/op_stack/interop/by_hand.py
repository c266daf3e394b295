"""
By hand: one message sent, one token moved, one message relayed, each by a transaction of one's own.

Comes in: endpoints and a signer. Goes out: what was sent or delivered, once its block is there. Promise: nothing is
signed that would revert now, and `told` hears a transaction's hash before the transaction is out, so that whoever is
interrupted can look for it. There is no journal here: carrying many messages is `relay`'s.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from xl2.core.amounts import wei_and_ether
from xl2.core.evidence import Finality
from xl2.core.hashing import keccak
from xl2.core.types import Address, ChainId, Hash32, checksum, hex_text
from xl2.errors import InvalidInput, NotFound, NotYet, Refused, Reverted, Unaffordable
from xl2.ports import Broadcast, Signer, TxReceipt
from xl2_adapters import rpc_wire
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.interop import check, tokens
from xl2_adapters.op_stack.interop.access_list import Identifier
from xl2_adapters.op_stack.interop.account import account
from xl2_adapters.op_stack.interop.contracts import MESSENGER, RELAYED, SEND, SENT, explain
from xl2_adapters.op_stack.interop.messages import Sent, sent_of
from xl2_adapters.op_stack.interop.transaction import Unsigned, access_list
from xl2_adapters.rpc import Json

#: Called with the hash of a transaction before anybody else hears of it.
Told = Callable[[Hash32], object]

_POLL_SECONDS: Final = 0.2
#: After this time without a block the caller is told to look later.
_PATIENCE_SECONDS: Final = 120.0
#: Over an estimate: the block that takes it is not the one it was made on.
_MARGIN_PERCENT: Final = 20


async def send(
    origin: Evm, signer: Signer, *, destination: ChainId, target: Address, body: bytes, told: Told = bool
) -> Sent:
    """
    Say `body` to `target` on another chain.

    Raises `Reverted` where the messenger refuses it (its own chain as destination, the messenger as target), and as
    `_included`.
    """
    data = SEND.encode(destination, hex_text(target), body)
    receipt = await _included(origin, signer, (MESSENGER, data), told)
    return (await sent_in(origin, receipt))[0]


async def transfer(origin: Evm, signer: Signer, move: tokens.Move, *, destination: Evm, told: Told = bool) -> Sent:
    """Burn an amount of an ERC-7802 token here, to be minted there. Raises as `tokens.checked` and `_included`."""
    await tokens.checked(origin, destination, move, signer.address)
    receipt = await _included(origin, signer, tokens.call(move, destination.chain), told)
    return (await sent_in(origin, receipt))[0]


async def relay(
    origin: Evm, destination: Evm, signer: Signer, identifier: Identifier, payload: bytes, *, told: Told = bool
) -> TxReceipt:
    """
    Deliver one message by oneself.

    Raises `ProofInvalid` where the origin has no such log or it says something else, `AlreadyRelayed`,
    `MessageExpired`, `Reverted` where its target refuses it, each before anything is signed; and as `_included`.
    """
    sent = await check.initiating(origin, identifier, payload)
    newest = await destination.head(Finality.LATEST)
    await check.relayable(destination, sent, newest.timestamp)
    receipt = await _included(destination, signer, (MESSENGER, sent.relay_data()), told, sent.keys)
    logs = await destination.logs(MESSENGER, [[RELAYED.topic], None, None, [sent.hash]], receipt.block, receipt.block)
    if not logs:
        raise NotYet(f"chain {destination.chain} does not show the delivery of block {receipt.block} yet")
    return receipt


async def messages_of(origin: Evm, tx_hash: Hash32) -> Sequence[Sent]:
    """
    Messages that a transaction sent.

    Raises `NotFound` where the transaction is not in a block here, or sent none.
    """
    receipt = await origin.tx_receipt(tx_hash)
    if receipt is None:
        raise NotFound(f"chain {origin.chain} has no block with transaction {hex_text(tx_hash)}")
    return await sent_in(origin, receipt)


async def sent_in(origin: Evm, receipt: TxReceipt) -> Sequence[Sent]:
    """Messages of an included transaction, in their order. Raises `NotFound` where there are none."""
    block = await origin.block(receipt.block)
    logs = await origin.logs(MESSENGER, [[SENT.topic]], receipt.block, receipt.block)
    found = [sent_of(log, origin.chain, block.timestamp) for log in logs if log.place.tx_hash == receipt.tx_hash]
    if not found:
        raise NotFound(f"transaction {hex_text(receipt.tx_hash)} of chain {origin.chain} sent no message")
    return found


async def _included(
    evm: Evm, signer: Signer, call: tuple[Address, bytes], told: Told, keys: tuple[Hash32, ...] = ()
) -> TxReceipt:
    """
    Estimate, sign, tell, broadcast, and wait for the block.

    Raises `Reverted` before anything is signed, or where the block says so; `Unaffordable`; `RpcRejected` where the
    node refuses the transaction, as it does for a message that it does not find at its origin; `NotYet` where no block
    took it in time.
    """
    to, data = call
    request: dict[str, Json] = {
        "from": hex_text(signer.address),
        "to": hex_text(to),
        "data": hex_text(data),
        "accessList": access_list(keys),
    }
    try:
        gas = rpc_wire.quantity(await evm.ask("eth_estimateGas", request), evm.endpoint)
    except Reverted as reverted:
        what = f"the call of {checksum(to)} would revert: {explain(reverted.revert)}"
        raise Reverted(what, endpoint=evm.endpoint, revert=reverted.revert) from reverted
    mine = await account(evm, signer.address)
    gas_limit = gas + gas * _MARGIN_PERCENT // 100
    if gas_limit * mine.price.max_fee > mine.balance:
        has = f"{checksum(signer.address)} has {wei_and_ether(mine.balance)} on chain {evm.chain}"
        what = f"{has}; {gas_limit} gas cost more"
        raise Unaffordable(what, needed=gas_limit * mine.price.max_fee, available=mine.balance)
    unsigned = Unsigned(
        chain=evm.chain,
        tx_nonce=mine.pending,
        to=to,
        data=data,
        gas_limit=gas_limit,
        max_fee=mine.price.max_fee,
        priority_fee=mine.price.priority_fee,
        keys=keys,
    )
    raw = unsigned.raw(await signer.sign_hash_of(unsigned.preimage()))
    told(keccak(raw))
    if await evm.broadcast(raw) is not Broadcast.ACCEPTED:
        raise Refused(
            f"chain {evm.chain} has another transaction of {checksum(signer.address)} with nonce {mine.pending}",
            remedy="Send one transaction of an account at a time, then try again.",
        )
    return await _receipt(evm, keccak(raw))


async def _receipt(evm: Evm, tx_hash: Hash32) -> TxReceipt:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while (receipt := await evm.tx_receipt(tx_hash)) is None:  # noqa: ASYNC110 - a chain calls nobody back
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise NotYet(
            f"transaction {hex_text(tx_hash)} is in no block of chain {evm.chain} after {_PATIENCE_SECONDS:.0f} s",
            remedy=f"Look again: xl2 interop status {hex_text(tx_hash)}",
        ) from None
    if not receipt.succeeded:
        what = f"transaction {hex_text(tx_hash)} reverted in block {receipt.block} of chain {evm.chain}"
        raise Reverted(what, endpoint=evm.endpoint)
    return receipt


def require_other(origin: ChainId, destination: ChainId) -> None:
    """Raises `InvalidInput` where both are one chain."""
    if origin == destination:
        raise InvalidInput(f"origin and destination are both chain {origin}", field="destination", value=destination)
