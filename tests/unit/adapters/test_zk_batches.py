"""A node's word about a batch is believed when the Diamond's root says the same, and not before."""

from collections.abc import Mapping
from typing import Any, cast

import pytest
from attrs import evolve

from xl2.core.hashing import keccak
from xl2.core.types import Address, BlockNumber, Hash32, hex_text
from xl2.errors import NotYet, ProofInvalid, RpcUnavailable
from xl2_adapters.evm import Evm
from xl2_adapters.zk_stack.batches import Batches
from xl2_adapters.zk_stack.diamond import LOGS_ROOT, PROVE_MESSAGE, PROVE_OUTCOME, Diamond
from xl2_adapters.zk_stack.logs import L2Log, message_log, root_and_paths, status_log

SENDER, TX = Address(b"\x11" * 20), keccak(b"transaction")
MESSAGE, TX_NUMBER = b"hello", 4
LOGS = [
    message_log(2, SENDER, b"other"),
    message_log(TX_NUMBER, SENDER, MESSAGE),
    status_log(TX_NUMBER, TX, succeeded=False),
]
MINE = LOGS[1:]


class Node:
    """A ZK-stack node that says what it is told to."""

    endpoint, chain = "node", 1

    def __init__(self, **told: Any) -> None:
        _, paths = root_and_paths([log.leaf for log in LOGS])
        self.told: dict[str, Any] = {"batch": "0x7", "logs": MINE, "paths": paths[1:], "ids": [1, 2], **told}

    async def ask(self, method: str, *params: Any) -> Any:
        if method == "eth_getTransactionReceipt":
            return None if self.told["logs"] is None else self._receipt()
        assert method == "zks_getL2ToL1LogProof"
        if self.told["paths"] is None:
            return None
        path = [hex_text(node) for node in self.told["paths"][params[1]]]
        return {"proof": path, "id": self.told["ids"][params[1]], "root": "0x" + "00" * 32}

    def _receipt(self) -> Mapping[str, Any]:
        logs = [self._log(log) for log in self.told["logs"]]
        return {"l1BatchNumber": self.told["batch"], "l1BatchTxIndex": hex(TX_NUMBER), "l2ToL1Logs": logs}

    @staticmethod
    def _log(log: L2Log) -> Mapping[str, Any]:
        return {
            "shardId": "0x0",
            "isService": log.is_service,
            "txIndexInL1Batch": hex(log.tx_number),
            "sender": hex_text(log.sender),
            "key": hex_text(log.key),
            "value": hex_text(log.value),
        }


class L1:
    """An L1 whose Diamond holds one root, and takes proofs or does not."""

    endpoint, chain = "l1", 900

    def __init__(self, root: bytes, *, takes: bool = False) -> None:
        self.root, self.is_taken = root, takes
        self.asked: list[bytes] = []

    async def view(self, to: Address, data: bytes, at: BlockNumber | None = None) -> bytes:  # noqa: ARG002
        self.asked.append(data[:4])
        if data[:4] == LOGS_ROOT.selector:
            return self.root
        assert data[:4] in (PROVE_MESSAGE.selector, PROVE_OUTCOME.selector)
        return int(self.is_taken).to_bytes(32)


ROOT = root_and_paths([log.leaf for log in LOGS])[0]


def batches(node: Node, l1: L1) -> Batches:
    return Batches(rollup=cast("Evm", node), diamond=Diamond(cast("Evm", l1), Address(b"\x01" * 20)))


async def test_a_message_is_shown_under_the_root_that_l1_holds() -> None:
    l1 = L1(ROOT)

    proof = await batches(Node(), l1).message(TX, SENDER, MESSAGE)

    assert (proof.batch, proof.index, proof.tx_number) == (7, 1, TX_NUMBER)
    assert l1.asked == [LOGS_ROOT.selector], "the root is compared here; the contract need not be asked again"


async def test_what_became_of_a_deposit_is_shown_the_same_way() -> None:
    proof = await batches(Node(), L1(ROOT)).outcome(TX)

    assert (proof.index, proof.succeeded) == (2, False)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"logs": None}, "is in no block"),
        ({"batch": None}, "is in no batch"),
        ({"paths": None}, "has no proof for batch 7"),
    ],
)
async def test_what_is_not_there_yet_is_waited_for(told: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotYet, match=reason):
        await batches(Node(**told), L1(ROOT)).message(TX, SENDER, MESSAGE)


async def test_a_batch_that_l1_has_not_executed_shows_nothing() -> None:
    with pytest.raises(NotYet, match="batch 7 of chain 1 is not executed"):
        await batches(Node(), L1(bytes(32))).message(TX, SENDER, MESSAGE)


async def test_a_node_that_tells_another_path_place_or_batch_is_not_believed() -> None:
    _, paths = root_and_paths([log.leaf for log in LOGS])
    lies: list[dict[str, Any]] = [
        {"paths": [(Hash32(b"\x07" * 32), *paths[1][1:])]},
        {"ids": [0]},
        {"logs": [evolve(MINE[0], value=keccak(b"another"))]},
        {"logs": []},
    ]

    for lie in lies:
        with pytest.raises(ProofInvalid):
            await batches(Node(**lie), L1(ROOT)).message(TX, SENDER, MESSAGE)
    with pytest.raises(ProofInvalid, match="l1 holds"):
        await batches(Node(), L1(keccak(b"another batch's"))).message(TX, SENDER, MESSAGE)


async def test_a_node_that_sends_no_proof_at_all_is_out_of_order() -> None:
    with pytest.raises(RpcUnavailable, match="without a place"):
        await batches(Node(ids=["0x1"]), L1(ROOT)).message(TX, SENDER, MESSAGE)
    with pytest.raises(RpcUnavailable, match="no hash"):
        await batches(Node(paths=[(b"short",)]), L1(ROOT)).message(TX, SENDER, MESSAGE)


@pytest.mark.parametrize("takes", [True, False])
async def test_a_proof_that_goes_on_through_the_gateway_is_the_diamonds_to_judge(takes: bool) -> None:
    """Today's proof of a chain that settles on another: the word that opens it says that it does not end here."""
    _, paths = root_and_paths([log.leaf for log in LOGS], height=14)
    opening = Hash32(bytes([1, 14, 2, 0]) + bytes(28))
    told = (opening, *paths[1], keccak(b"batch leaf mask"), keccak(b"settlement layer"))
    l1 = L1(bytes(32), takes=takes)

    if takes:
        proof = await batches(Node(paths=[told]), l1).message(TX, SENDER, MESSAGE)
        assert proof.path == told, "passed through whole"
    else:
        with pytest.raises(NotYet, match="through the chain that it settles on"):
            await batches(Node(paths=[told]), l1).message(TX, SENDER, MESSAGE)
    assert l1.asked == [PROVE_MESSAGE.selector], "l1 holds no root of such a chain's batches"
