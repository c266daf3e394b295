"""
Refusals: the words in which nodes refuse a transaction, and what each of them means.

Pure: a table. Comes in: the error text of `eth_sendRawTransaction`, or of an estimate. Goes out: a `Cause`. Promise: a
cause is taken from words that a client is known to use for it, each with its source; all others are `UNKNOWN`, which
nobody may take for final. The first row whose words stand in the text decides: narrower words stand above wider ones.
"""

from enum import StrEnum

from attrs import frozen


class Cause(StrEnum):
    """Why a node did not take a transaction."""

    KNOWN = "it has it already"
    NONCE_USED = "its nonce is behind"
    NONCE_AHEAD = "an earlier nonce is missing"
    UNDERPRICED = "it offers too little for gas"
    REPLACEMENT = "it offers too little more than what it would replace"
    POOR = "the account has too little"
    FEE_TOO_HIGH = "it offers more than this node lets anybody pay"
    GAS_TOO_LOW = "its gas limit does not cover its own bytes"
    GAS_TOO_HIGH = "its gas limit is above a block's"
    MALFORMED = "no node of this chain would take it"
    POOL_FULL = "the pool is full"
    NOT_SERVED = "the sequencer takes no such transaction now"
    LIMITED = "too many requests"
    STATE_GONE = "the node does not have the state"
    TROUBLED = "the node could not, for now"
    UNKNOWN = "nobody here knows these words"


@frozen
class Row:
    """Words, lower case, and what they mean."""

    words: str
    cause: Cause
    #: Clients that use them, and where that was read.
    source: str


_GETH = "go-ethereum (also op-geth, nitro)"
_POOL = f"{_GETH}: core/txpool/errors.go"
_LEGACY = f"{_GETH}: core/txpool/legacypool/legacypool.go"
_CORE = f"{_GETH}: core/error.go"
_ERIGON = "erigon: txnprovider/txpool/txpoolcfg/txpoolcfg.go"
_ANVIL = "anvil: crates/anvil/src/eth/error.rs"
_BESU = "besu: JsonRpcError, RpcErrorType"
_NETHERMIND = "nethermind: AcceptTxResult, older releases name the result"
_NITRO = "nitro: execution/gethexec/sequencer.go"
_RETH = "reth: rpc-eth-types, error/mod.rs"
_PARITY = "openethereum and its descendants: rpc helpers/errors.rs"
_GATEWAYS = "gateways before nodes; EIP-1474"

TABLE: tuple[Row, ...] = (
    # It is there already.
    Row("already known", Cause.KNOWN, f"{_POOL}; {_ERIGON}; {_RETH}"),
    Row("transaction already imported", Cause.KNOWN, _ANVIL),
    Row("already imported", Cause.KNOWN, f"{_PARITY}; {_ANVIL} (in its log)"),
    Row("existing txn with same hash", Cause.KNOWN, _ERIGON),
    Row("existing tx with same hash", Cause.KNOWN, "erigon, older releases"),
    Row("known transaction", Cause.KNOWN, "go-ethereum before 1.10; besu"),
    Row("alreadyknown", Cause.KNOWN, _NETHERMIND),
    Row("alreadyexists", Cause.KNOWN, "besu, older releases"),
    Row("transaction already in pool", Cause.KNOWN, "tendermint-like nodes"),
    # Nonces.
    Row("nonce too low", Cause.NONCE_USED, f"{_CORE}; {_ERIGON}; {_ANVIL}; {_BESU}; {_RETH}"),
    Row("nonce is too low", Cause.NONCE_USED, _PARITY),
    Row("oldnonce", Cause.NONCE_USED, _NETHERMIND),
    Row("nonce too high", Cause.NONCE_AHEAD, f"{_CORE}; {_ANVIL}; {_BESU}; {_NITRO}"),
    Row("nonce is too distant from current sender nonce", Cause.NONCE_AHEAD, _BESU),
    Row("an invalid transaction with a lower nonce exists", Cause.NONCE_AHEAD, _BESU),
    Row("noncegap", Cause.NONCE_AHEAD, _NETHERMIND),
    Row("gapped-nonce tx from delegated accounts", Cause.NONCE_AHEAD, _LEGACY),
    Row("future transaction tries to replace pending", Cause.NONCE_AHEAD, _POOL),
    # Fees.
    Row("replacement transaction underpriced", Cause.REPLACEMENT, f"{_POOL}; {_ERIGON}; {_ANVIL}; {_RETH}"),
    Row("insufficient gas price to replace existing transaction", Cause.REPLACEMENT, f"{_ANVIL} (in its log)"),
    Row("could not replace existing tx", Cause.REPLACEMENT, _ERIGON),
    Row("replacementnotallowed", Cause.REPLACEMENT, _NETHERMIND),
    Row("replaced by transaction with higher tip", Cause.REPLACEMENT, _ERIGON),
    Row("gas price supplied is too low", Cause.REPLACEMENT, _PARITY),
    Row("max fee per gas less than block base fee", Cause.UNDERPRICED, f"{_CORE}; {_ANVIL}; {_NITRO}"),
    Row("fee cap less than block base fee", Cause.UNDERPRICED, "erigon: core/error.go"),
    Row("gas price below current base fee", Cause.UNDERPRICED, _BESU),
    Row("gas price below configured minimum gas price", Cause.UNDERPRICED, _BESU),
    Row("transaction underpriced", Cause.UNDERPRICED, f"{_POOL}; {_RETH}"),
    Row("feetoolow", Cause.UNDERPRICED, _NETHERMIND),
    Row("fee too low", Cause.UNDERPRICED, _ERIGON),
    Row("maxfeepergas too low", Cause.UNDERPRICED, "gateways of ZK-stack chains"),
    Row("feecap too low", Cause.UNDERPRICED, "gateways of rollups"),
    Row("underpriced", Cause.UNDERPRICED, _ERIGON),
    Row("exceeds the configured cap", Cause.FEE_TOO_HIGH, f"{_GETH}: internal/ethapi/api.go (`--rpc.txfeecap`)"),
    Row("transaction fee cap exceeded", Cause.FEE_TOO_HIGH, _BESU),
    # Money.
    Row("insufficient funds", Cause.POOR, f"{_CORE}; {_ERIGON}; {_ANVIL}; {_RETH}"),
    Row("insufficient balance", Cause.POOR, "ZK-stack nodes; gateways"),
    Row("insufficientfunds", Cause.POOR, _NETHERMIND),
    Row("upfront cost exceeds account balance", Cause.POOR, _BESU),
    # Gas.
    Row("intrinsic gas too low", Cause.GAS_TOO_LOW, f"{_CORE}; {_ANVIL}; {_RETH}"),
    Row("intrinsicgas", Cause.GAS_TOO_LOW, _ERIGON),
    Row("intrinsic gas exceeds gas limit", Cause.GAS_TOO_LOW, _BESU),
    Row("calldata floor", Cause.GAS_TOO_LOW, f"{_GETH}: core/error.go, EIP-7623"),
    Row("intrinsic gas too high", Cause.GAS_TOO_HIGH, _ANVIL),
    Row("exceeds block gas limit", Cause.GAS_TOO_HIGH, f"{_POOL}; {_BESU}; {_RETH}"),
    Row("greater than the block gas limit", Cause.GAS_TOO_HIGH, _ANVIL),
    Row("exceeds transaction gas limit", Cause.GAS_TOO_HIGH, f"{_GETH}: EIP-7825"),
    Row("gas limit is too high", Cause.GAS_TOO_HIGH, _ERIGON),
    Row("gaslimitexceeded", Cause.GAS_TOO_HIGH, _NETHERMIND),
    Row("gas required exceeds allowance", Cause.GAS_TOO_HIGH, f"{_GETH}: eth/gasestimator; {_ANVIL}"),
    Row("gas limit reached", Cause.GAS_TOO_HIGH, f"nethermind: TxPoolErrorMessages; {_CORE}"),
    # What no waiting mends.
    Row("oversized data", Cause.MALFORMED, f"{_POOL}; {_ERIGON}; {_NITRO}"),
    Row("rlptoolong", Cause.MALFORMED, _ERIGON),
    Row("invalid sender", Cause.MALFORMED, f"{_POOL}; {_ERIGON}"),
    Row("invalid signature", Cause.MALFORMED, _BESU),
    Row("invalid chain id for signer", Cause.MALFORMED, f"{_GETH}: core/types/transaction_signing.go; {_ANVIL}"),
    Row("wrong chainid", Cause.MALFORMED, _BESU),
    Row("max priority fee per gas higher than max fee per gas", Cause.MALFORMED, f"{_CORE}; {_ANVIL}"),
    Row("transaction type not supported", Cause.MALFORMED, f"{_GETH}: core/types/transaction.go"),
    Row("failed to decode", Cause.MALFORMED, _ANVIL),
    # What waiting does mend.
    Row("txpool is full", Cause.POOL_FULL, f"{_LEGACY}; {_RETH}"),
    Row("sub-pool is full", Cause.POOL_FULL, _ERIGON),
    Row("account limit exceeded", Cause.POOL_FULL, _POOL),
    Row("spammer", Cause.POOL_FULL, _ERIGON),
    Row("address already reserved", Cause.POOL_FULL, _POOL),
    Row("in-flight transaction limit reached for delegated accounts", Cause.POOL_FULL, _LEGACY),
    Row("sequencer temporarily not available", Cause.NOT_SERVED, _NITRO),
    Row("sequencer is not the chosen sequencer", Cause.NOT_SERVED, _NITRO),
    Row("please retry transaction", Cause.NOT_SERVED, _NITRO),
    Row("currently not accepting transactions", Cause.NOT_SERVED, _NITRO),
    Row("not on the whitelist", Cause.NOT_SERVED, _NITRO),
    Row("condition not met", Cause.NOT_SERVED, "nitro: arbitrum_types (conditional transactions); EIP-7796"),
    Row("not authorized to send transactions", Cause.NOT_SERVED, _BESU),
    Row("initial sync is still in progress", Cause.NOT_SERVED, _BESU),
    Row("too many requests", Cause.LIMITED, _GATEWAYS),
    Row("rate limit", Cause.LIMITED, _GATEWAYS),
    Row("limit exceeded", Cause.LIMITED, _GATEWAYS),
    Row("missing trie node", Cause.STATE_GONE, f"{_GETH}: trie/errors.go"),
    Row("historical state", Cause.STATE_GONE, f"{_GETH}: path scheme; {_RETH}"),
    Row("state not available", Cause.STATE_GONE, "gateways"),
    Row("deadline exceeded", Cause.TROUBLED, f"{_NITRO} (context deadline exceeded)"),
    Row("timed out", Cause.TROUBLED, _GATEWAYS),
    Row("timeout", Cause.TROUBLED, _GATEWAYS),
    Row("sequencer internal error", Cause.TROUBLED, _NITRO),
)

#: Causes by code where the words say nothing: EIP-1474's limit exceeded, JSON-RPC's internal error.
_BY_CODE = {-32005: Cause.LIMITED, -32603: Cause.TROUBLED}


def cause_of(said: str, rpc_code: int = 0) -> Cause:
    """What a node means. Words win over codes: besu has -32005 for a gas limit above a block's."""
    text = said.lower()
    for row in TABLE:
        if row.words in text:
            return row.cause
    return _BY_CODE.get(rpc_code, Cause.UNKNOWN)
