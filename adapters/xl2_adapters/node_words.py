"""
Node words: what geth, op-geth, Nitro, Erigon and anvil say when they refuse a transaction, and what it means.

Comes in: the error of `eth_sendRawTransaction`. Goes out: a cause that the submitter acts on. Promise: only words that
a known node uses for that cause are taken for it; all others stay errors, so that nothing is guessed about money.
Sources: go-ethereum `core/txpool/errors.go` and `core/error.go`, nitro, erigon `txnprovider/txpool`, foundry anvil.
"""

from xl2.errors import RpcRejected, RpcUnavailable, Unaffordable
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
