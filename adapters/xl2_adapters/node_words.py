"""
Node words: what it means when a node refuses a transaction, an estimate or a range of logs.

Comes in: the error of a call. Goes out: an outcome, or an error that says what to do. Promise: only words that nodes
use for a cause are taken for it (`refusals`); of all others nobody knows what they mean, so they are tried again and
never final: nothing is guessed about money.
"""

import re

from xl2.core.message import MAX_TX_GAS
from xl2.errors import NotYet, Refused, Reverted, RpcRejected, RpcTooLarge, RpcUnavailable, Unaffordable
from xl2.ports import Broadcast
from xl2_adapters.refusals import Cause, cause_of

_OUTCOMES = {
    Cause.KNOWN: Broadcast.ACCEPTED,
    Cause.NONCE_USED: Broadcast.NONCE_USED,
    Cause.NONCE_AHEAD: Broadcast.NOT_NOW,
    Cause.UNDERPRICED: Broadcast.UNDERPRICED,
    Cause.REPLACEMENT: Broadcast.UNDERPRICED,
    Cause.POOL_FULL: Broadcast.NOT_NOW,
    Cause.NOT_SERVED: Broadcast.NOT_NOW,
    Cause.LIMITED: Broadcast.NOT_NOW,
}
#: Of these very bytes, whoever is asked and whenever.
_FOR_GOOD = (Cause.FEE_TOO_HIGH, Cause.GAS_TOO_LOW, Cause.GAS_TOO_HIGH, Cause.MALFORMED)
#: Of logs: a range, a count or a size over a limit, or a search that took too long; each gateway words it otherwise.
_TOO_MUCH = ("range", "limit", "size", "too large", "too many", "more than", "timeout", "timed out", "deadline")
#: What sounds alike and no shorter range mends: a quota, and blocks that are not there.
_NOT_TOO_MUCH = ("rate limit", "too many requests", "request count", "requests per", "invalid block range", "beyond")

#: What anvil says of any block that it has not, pruned or not made yet; and others of the latter alone.
_OUT_OF_RANGE = re.compile(r"block height is (\d+) but requested was (\d+)")
_AHEAD = ("header not found", "beyond current head block")


def outcome_of(rejected: RpcRejected) -> Broadcast:
    """
    What a refusal of a transaction means.

    Raises `Unaffordable` where the account cannot pay, `RpcUnavailable` where nobody knows whether the transaction got
    through, unknown words included, and the error itself where these very bytes can never be taken.
    """
    cause = cause_of(rejected.what, rejected.rpc_code)
    if cause in _OUTCOMES:
        return _OUTCOMES[cause]
    if cause is Cause.POOR:
        raise Unaffordable(rejected.what, needed=0, available=0) from rejected
    # A sequencer that simulates first (nitro) refuses what would revert.
    if cause in _FOR_GOOD or isinstance(rejected, Reverted):
        raise rejected
    raise RpcUnavailable(f"{rejected.what} ({cause})", endpoint=rejected.endpoint) from rejected


def refused_estimate(rejected: RpcRejected, what: str) -> RpcRejected | RpcUnavailable | Unaffordable:
    """What a refusal of an estimate means, a revert aside. `what`: what the call was for."""
    cause = cause_of(rejected.what, rejected.rpc_code)
    if cause is Cause.POOR:
        return Unaffordable(f"{what}: {rejected.what}", needed=0, available=0)
    if cause is Cause.GAS_TOO_HIGH:
        remedy = "Deliver fewer messages at once."
        needed = MAX_TX_GAS + 1
        return Unaffordable(f"{what}: {rejected.what}", needed=needed, available=MAX_TX_GAS, remedy=remedy)
    if cause in _FOR_GOOD or isinstance(rejected, Reverted):
        return rejected
    return RpcUnavailable(f"{what}: {rejected.what} ({cause})", endpoint=rejected.endpoint)


def not_there_yet(rejected: RpcRejected) -> NotYet | None:
    """
    Whether a question was rejected as its block lies above the tip, which has gone back or is another endpoint's.

    Words of anvil (crates/anvil/src/eth/error.rs, `BlockOutOfRange`) and go-ethereum (internal/ethapi, eth/filters).
    """
    said = rejected.what.lower()
    out_of_range = _OUT_OF_RANGE.search(said)
    is_ahead = int(out_of_range[2]) > int(out_of_range[1]) if out_of_range else any(one in said for one in _AHEAD)
    return NotYet(rejected.what) if is_ahead else None


def asks_for_less(refused: Refused) -> bool:
    """Whether a shorter range of blocks may get the logs that were refused."""
    said = refused.what.lower()
    if isinstance(refused, RpcTooLarge):
        return True
    return any(words in said for words in _TOO_MUCH) and not any(words in said for words in _NOT_TOO_MUCH)
