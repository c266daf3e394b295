"""
Quoting: what a transaction takes and where it stands, each asked in one JSON-RPC batch.

Comes in: a call and its sender, or an account and hashes. Goes out: a `TxQuote`, or a `TxLook`. Promise: one round trip
each, whatever is asked; an answer that is missing is an error, never a zero. What a family charges beside gas is its
`FeeModel`'s to ask; what the numbers are good for is left to `xl2.flow`.
"""

from collections.abc import Sequence

from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Wei, checksum, hex_text
from xl2.errors import Reverted, RpcRejected, RpcUnavailable, WrongChain
from xl2.ports import Call, Fees, Rates, TxLook, TxQuote, TxReceipt
from xl2_adapters import rpc_wire
from xl2_adapters.abi import explain_revert, refused_expiry
from xl2_adapters.fee_model import Answer, FeeModel, gas_request
from xl2_adapters.node_words import refused_estimate
from xl2_adapters.rpc import Call as Request
from xl2_adapters.rpc import Json


def quote_requests(call: Call, sender: Address, model: FeeModel) -> list[Request]:
    """The batch of a quote."""
    account = checksum(sender)
    return [
        Request("eth_chainId"),
        gas_request(call, sender),
        Request("eth_getBlockByNumber", ("latest", False)),
        Request("eth_maxPriorityFeePerGas"),
        Request("eth_getTransactionCount", (account, "latest")),
        Request("eth_getTransactionCount", (account, "pending")),
        Request("eth_getBalance", (account, "latest")),
        *model.requests(call, sender),
    ]


def quote_of(call: Call, answers: Sequence[Answer], model: FeeModel, endpoint: str) -> TxQuote:
    """What the answers to a quote's batch say. Raises `Reverted`, explained, and what the node refused."""
    _, gas, block, tip, included, pending, balance, *rest = answers
    limit = _gas_of(call, gas, endpoint)
    surcharge = model.surcharge(rest, limit, endpoint)
    return TxQuote(
        gas=limit + (0 if call.gas_limit is None else surcharge.gas),
        fees=fees_of(answered(block), answered(tip), endpoint),
        tx_nonce=rpc_wire.quantity(answered(included), endpoint),
        pending_nonce=rpc_wire.quantity(answered(pending), endpoint),
        balance=Wei(rpc_wire.quantity(answered(balance), endpoint)),
        data_fee=surcharge.fee,
    )


def require_chain(expected: ChainId, stated: Answer, endpoint: str) -> None:
    """Raises `WrongChain` where an endpoint was swapped for one of another chain since it was checked."""
    actual = rpc_wire.quantity(answered(stated), endpoint)
    if actual != expected:
        what = f"{endpoint} serves chain {actual} now, configured is {expected}"
        raise WrongChain(what, expected=expected, actual=actual)


def rates_of(answers: Sequence[Answer], model: FeeModel, endpoint: str) -> Rates:
    """What the answers to `rate_requests` say."""
    block, tip, *rest = answers
    fees = fees_of(answered(block), answered(tip), endpoint)
    return Rates(fees=fees, byte_fee=model.byte_fee(rest, Wei(fees.base_fee + fees.priority_fee), endpoint))


def rate_requests(model: FeeModel) -> list[Request]:
    """The batch of the rates."""
    fees = [Request("eth_getBlockByNumber", ("latest", False)), Request("eth_maxPriorityFeePerGas")]
    return [*fees, *model.rate_requests()]


def look_requests(account: Address, tx_hashes: Sequence[Hash32]) -> list[Request]:
    """The batch of a look. Receipts come last: a nonce that counts a transaction is older than its receipt."""
    return [
        Request("eth_blockNumber"),
        Request("eth_getTransactionCount", (checksum(account), "latest")),
        Request("eth_getTransactionCount", (checksum(account), "pending")),
        *(Request("eth_getTransactionReceipt", (hex_text(one),)) for one in tx_hashes),
    ]


def look_of(tx_hashes: Sequence[Hash32], answers: Sequence[Json], endpoint: str) -> TxLook:
    """What the answers to a look's batch say."""
    head, included, pending, *found = answers
    receipts = [receipt_of(one, tx_hash, endpoint) for tx_hash, one in zip(tx_hashes, found, strict=True)]
    return TxLook(
        head=BlockNumber(rpc_wire.count(head, endpoint)),
        tx_nonce=rpc_wire.quantity(included, endpoint),
        pending_nonce=rpc_wire.quantity(pending, endpoint),
        receipts={one.tx_hash: one for one in receipts if one is not None},
    )


def fees_of(block: Json, tip: Json, endpoint: str) -> Fees:
    """Base fee of a block, and the tip that the node suggests."""
    base = rpc_wire.mapping(block, endpoint).get("baseFeePerGas", "0x0")
    return Fees(base_fee=Wei(rpc_wire.quantity(base, endpoint)), priority_fee=Wei(rpc_wire.quantity(tip, endpoint)))


def receipt_of(found: Json, tx_hash: Hash32, endpoint: str) -> TxReceipt | None:
    """A transaction's receipt as the node sent it. Raises `RpcUnavailable` for one of another transaction."""
    if found is None:
        return None
    fields = rpc_wire.mapping(found, endpoint)
    told = rpc_wire.data(fields.get("transactionHash"), endpoint)
    if told != tx_hash:
        raise RpcUnavailable(
            f"{endpoint} sent the receipt of {hex_text(told)} for {hex_text(tx_hash)}", endpoint=endpoint
        )
    block_hash = rpc_wire.data(fields.get("blockHash"), endpoint)
    if len(block_hash) != len(tx_hash):
        raise RpcUnavailable(f"{endpoint} sent a hash of {len(block_hash)} bytes", endpoint=endpoint)
    gas_used = rpc_wire.quantity(fields.get("gasUsed"), endpoint)
    price = rpc_wire.quantity(fields.get("effectiveGasPrice") or "0x0", endpoint)
    # OP Stack nodes tell the data fee apart; anvil charges it and is silent.
    data_fee = rpc_wire.quantity(fields.get("l1Fee") or "0x0", endpoint)
    return TxReceipt(
        tx_hash=tx_hash,
        block=BlockNumber(rpc_wire.count(fields.get("blockNumber"), endpoint)),
        block_hash=Hash32(block_hash),
        succeeded=rpc_wire.quantity(fields.get("status"), endpoint) == 1,
        gas_used=gas_used,
        cost=Wei(gas_used * price + data_fee),
    )


def answered(answer: Answer) -> Json:
    """An answer that is none of a node's errors; raises those."""
    if isinstance(answer, RpcRejected):
        raise answer
    return answer


def explained(reverted: Reverted, what: str, endpoint: str) -> Reverted:
    """The same revert, with the contract's error in words."""
    reason = explain_revert(reverted.revert) if reverted.revert else reverted.what
    is_late = refused_expiry(reverted.revert) is not None
    remedy = "Give it more time: `--expires-in`, or `expires_in` in Python." if is_late else None
    return Reverted(f"{what} would revert: {reason}", endpoint=endpoint, revert=reverted.revert, remedy=remedy)


def _gas_of(call: Call, answer: Answer, endpoint: str) -> int:
    if isinstance(answer, Reverted):
        raise explained(answer, call.what, endpoint) from answer
    if isinstance(answer, RpcRejected):
        raise refused_estimate(answer, call.what) from answer
    return call.gas_limit if call.gas_limit is not None else rpc_wire.quantity(answer, endpoint)
