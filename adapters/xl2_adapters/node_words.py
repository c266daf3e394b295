"""
Node words: what geth, op-geth, Nitro, Erigon and anvil say when they refuse a transaction or a range of logs.

Comes in: the error of `eth_sendRawTransaction` or `eth_getLogs`. Goes out: a cause that the asker acts on. Promise:
only words that nodes use for that cause are taken for it; all others stay errors: nothing is guessed about money.
Sources: go-ethereum `core/txpool/errors.go` and `core/error.go`, nitro, erigon `txnprovider/txpool`, foundry anvil.
"""

from xl2.errors import Refused, RpcRejected, RpcTooLarge, RpcUnavailable, Unaffordable
from xl2.ports import Broadcast

_KNOWN = ("already known", "already imported", "known transaction", "alreadyexists", "transaction already in pool")
_NONCE_USED = ("nonce too low", "nonce is too low", "oldnonce")
_UNDERPRICED = (
    "replacement transaction underpriced",
    "transaction underpriced",
    "max fee per gas less than block base fee",
    "maxfeepergas too low",
    "fee too low",
    "feecap too low",
    "underpriced",
)
#: JSON-RPC's internal error, and EIP-1474's limit exceeded: the node, or a gateway before it, could not, for now.
_TROUBLED = (-32603, -32005)
_TROUBLED_WORDS = ("timeout", "timed out", "deadline exceeded", "too many requests", "rate limit")
#: Of logs: a range, a count or a size over a limit, or a search that took too long; each gateway words it otherwise.
_TOO_MUCH = ("range", "limit", "size", "too large", "too many", "more than", "timeout", "timed out", "deadline")
#: What sounds alike and no shorter range mends: a quota, and blocks that are not there.
_NOT_TOO_MUCH = ("rate limit", "too many requests", "request count", "requests per", "invalid block range", "beyond")
_POOR = ("insufficient funds", "insufficient balance", "insufficientfunds")


def outcome_of(rejected: RpcRejected) -> Broadcast:
    """
    What a refusal means.

    Raises `Unaffordable` where the account cannot pay, `RpcUnavailable` where nobody knows whether the transaction got
    through, and the error itself where its words are unknown.
    """
    said = rejected.what.lower()
    if any(words in said for words in _KNOWN):
        return Broadcast.ACCEPTED
    if any(words in said for words in _NONCE_USED):
        return Broadcast.NONCE_USED
    if any(words in said for words in _UNDERPRICED):
        return Broadcast.UNDERPRICED
    if any(words in said for words in _POOR):
        raise Unaffordable(rejected.what, needed=0, available=0) from rejected
    if rejected.rpc_code in _TROUBLED or any(words in said for words in _TROUBLED_WORDS):
        raise RpcUnavailable(rejected.what, endpoint=rejected.endpoint) from rejected
    raise rejected


def asks_for_less(refused: Refused) -> bool:
    """Whether a shorter range of blocks may get the logs that were refused."""
    said = refused.what.lower()
    if isinstance(refused, RpcTooLarge):
        return True
    return any(words in said for words in _TOO_MUCH) and not any(words in said for words in _NOT_TOO_MUCH)
