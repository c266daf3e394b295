"""Refusals: what nodes are known to say, as they say it, and what we make of it."""

import pytest

from xl2.errors import Refused, Retryable, Reverted, RpcRejected, Unaffordable
from xl2.ports import Broadcast
from xl2_adapters.node_words import outcome_of, refused_estimate
from xl2_adapters.refusals import TABLE, Cause, Row, cause_of

#: Whole sentences of clients, with the values that they put in: `client`, what it says, its code, what it means.
SAID = [
    ("anvil", "transaction already imported", -32003, Cause.KNOWN),
    ("anvil", "nonce too low", -32003, Cause.NONCE_USED),
    ("anvil", "replacement transaction underpriced", -32003, Cause.REPLACEMENT),
    ("anvil", "max fee per gas less than block base fee", -32003, Cause.UNDERPRICED),
    ("anvil", "Insufficient funds for gas * price + value", -32003, Cause.POOR),
    ("anvil", "intrinsic gas too low", -32000, Cause.GAS_TOO_LOW),
    ("anvil", "intrinsic gas too high -- CallerGasLimitMoreThanBlock", -32000, Cause.GAS_TOO_HIGH),
    ("anvil", "Out of gas: gas required exceeds allowance: 30000000", -32003, Cause.GAS_TOO_HIGH),
    ("anvil", "Failed to decode transaction", -32602, Cause.MALFORMED),
    ("geth", "already known", -32000, Cause.KNOWN),
    ("geth", "nonce too low: next nonce 5, tx nonce 4", -32000, Cause.NONCE_USED),
    ("geth", "nonce too high", -32000, Cause.NONCE_AHEAD),
    ("geth", "future transaction tries to replace pending", -32000, Cause.NONCE_AHEAD),
    ("geth", "replacement transaction underpriced", -32000, Cause.REPLACEMENT),
    ("geth", "transaction underpriced: gas tip cap 1, minimum needed 1000000", -32000, Cause.UNDERPRICED),
    ("geth", "max fee per gas less than block base fee: address 0x1, maxFeePerGas: 1", -32000, Cause.UNDERPRICED),
    ("geth", "tx fee (1.05 ether) exceeds the configured cap (1.00 ether)", -32000, Cause.FEE_TOO_HIGH),
    ("geth", "insufficient funds for gas * price + value: balance 1, tx cost 2, overshot 1", -32000, Cause.POOR),
    ("geth", "intrinsic gas too low: gas 20000, minimum needed 21000", -32000, Cause.GAS_TOO_LOW),
    ("geth", "exceeds block gas limit", -32000, Cause.GAS_TOO_HIGH),
    ("geth", "oversized data: transaction size 131073, limit 131072", -32000, Cause.MALFORMED),
    ("geth", "invalid chain id for signer: have 1 want 10", -32000, Cause.MALFORMED),
    ("geth", "txpool is full", -32000, Cause.POOL_FULL),
    ("geth", "account limit exceeded: pooled 16 txs", -32000, Cause.POOL_FULL),
    ("geth", "missing trie node 0a1b (path ) state 0x0a1b is not available", -32000, Cause.STATE_GONE),
    ("op-geth", "insufficient funds for gas * price + value: have 1 want 2", -32000, Cause.POOR),
    ("op-geth", "transaction underpriced: tip needed 1, tip permitted 0", -32000, Cause.UNDERPRICED),
    ("nitro", "nonce too low: address 0x1, tx: 4 state: 5", -32000, Cause.NONCE_USED),
    ("nitro", "nonce too high: address 0x1, tx: 9 state: 5", -32000, Cause.NONCE_AHEAD),
    ("nitro", "max fee per gas less than block base fee: address 0x1, maxFeePerGas: 1", -32000, Cause.UNDERPRICED),
    ("nitro", "intrinsic gas too low", -32000, Cause.GAS_TOO_LOW),
    ("nitro", "sequencer temporarily not available", -32000, Cause.NOT_SERVED),
    ("nitro", "Storage slot value condition not met", -32003, Cause.NOT_SERVED),
    ("nitro", "context deadline exceeded", -32000, Cause.TROUBLED),
    ("erigon", "existing txn with same hash", -32000, Cause.KNOWN),
    ("erigon", "could not replace existing tx", -32000, Cause.REPLACEMENT),
    ("erigon", "underpriced", -32000, Cause.UNDERPRICED),
    ("erigon", "fee too low", -32000, Cause.UNDERPRICED),
    ("erigon", "insufficient funds", -32000, Cause.POOR),
    ("erigon", "IntrinsicGas", -32000, Cause.GAS_TOO_LOW),
    ("erigon", "gas limit is too high", -32000, Cause.GAS_TOO_HIGH),
    ("erigon", "RLPTooLong", -32000, Cause.MALFORMED),
    ("erigon", "pending sub-pool is full", -32000, Cause.POOL_FULL),
    ("erigon", "spammer", -32000, Cause.POOL_FULL),
    ("reth", "already known", -32000, Cause.KNOWN),
    ("reth", "txpool is full", -32003, Cause.POOL_FULL),
    ("nethermind", "AlreadyKnown", -32010, Cause.KNOWN),
    ("nethermind", "OldNonce, Current nonce: 5, nonce of rejected tx: 4", -32010, Cause.NONCE_USED),
    ("nethermind", "NonceGap, Future nonce. Expected nonce: 5", -32010, Cause.NONCE_AHEAD),
    ("nethermind", "ReplacementNotAllowed, existing transaction", -32010, Cause.REPLACEMENT),
    ("nethermind", "FeeTooLow, EffectivePriorityFeePerGas too low 0 < 1", -32010, Cause.UNDERPRICED),
    ("nethermind", "InsufficientFunds, Account balance: 0, cumulative cost: 1", -32010, Cause.POOR),
    ("nethermind", "GasLimitExceeded, Gas limit: 1, gas limit of rejected tx: 2", -32010, Cause.GAS_TOO_HIGH),
    ("besu", "Nonce too low", -32001, Cause.NONCE_USED),
    ("besu", "Known transaction", -32000, Cause.KNOWN),
    ("besu", "Intrinsic gas exceeds gas limit", -32003, Cause.GAS_TOO_LOW),
    ("besu", "Upfront cost exceeds account balance", -32004, Cause.POOR),
    ("besu", "Transaction gas limit exceeds block gas limit", -32005, Cause.GAS_TOO_HIGH),
    ("besu", "Transaction nonce is too distant from current sender nonce", -32000, Cause.NONCE_AHEAD),
    ("besu", "Gas price below current base fee", -32009, Cause.UNDERPRICED),
    ("besu", "Transaction fee cap exceeded", -32000, Cause.FEE_TOO_HIGH),
    ("besu", "Initial sync is still in progress", -32008, Cause.NOT_SERVED),
    ("a gateway", "daily request count exceeded", -32005, Cause.LIMITED),
    ("a gateway", "Too Many Requests", 429, Cause.LIMITED),
    ("a gateway", "Internal error", -32603, Cause.TROUBLED),
    ("a gateway", "request timed out", -32000, Cause.TROUBLED),
]


@pytest.mark.parametrize(("client", "said", "code", "means"), SAID)
def test_what_a_client_says_is_taken_for_what_it_means(client: str, said: str, code: int, means: Cause) -> None:
    assert cause_of(f"{client} rejected eth_sendRawTransaction: {said}", code) is means


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.words)
def test_each_row_decides_for_its_own_words(row: Row) -> None:
    assert cause_of(row.words) is row.cause
    assert row.words == row.words.lower()
    assert row.source


def test_every_cause_but_the_unknown_has_a_row() -> None:
    assert {row.cause for row in TABLE} == set(Cause) - {Cause.UNKNOWN}


@pytest.mark.parametrize("said", ["the moon is full", "", "error", "transaction rejected"])
def test_unknown_words_are_tried_again_and_never_final(said: str) -> None:
    with pytest.raises(Retryable):
        outcome_of(RpcRejected(said, endpoint="node", rpc_code=-32000))


@pytest.mark.parametrize("row", [one for one in TABLE if one.cause in {Cause.STATE_GONE, Cause.TROUBLED}])
def test_a_troubled_node_has_not_refused_anything(row: Row) -> None:
    with pytest.raises(Retryable):
        outcome_of(RpcRejected(row.words, endpoint="node"))
    assert isinstance(refused_estimate(RpcRejected(row.words, endpoint="node"), "deliver"), Retryable)


@pytest.mark.parametrize("row", [one for one in TABLE if one.cause in {Cause.POOL_FULL, Cause.NOT_SERVED}])
def test_what_waiting_mends_keeps_the_bytes(row: Row) -> None:
    assert outcome_of(RpcRejected(row.words, endpoint="node")) is Broadcast.NOT_NOW


def test_a_sequencer_that_simulates_first_refuses_what_would_revert() -> None:
    with pytest.raises(Reverted):
        outcome_of(Reverted("execution reverted", endpoint="node"))


def test_too_much_gas_for_a_block_says_to_deliver_less() -> None:
    refused = refused_estimate(RpcRejected("gas required exceeds allowance (30000000)", endpoint="node"), "deliver")

    assert isinstance(refused, Unaffordable)
    assert isinstance(refused, Refused)
    assert "fewer" in refused.remedy
