"""What counts as an answer, and what does not."""

from __future__ import annotations

import orjson
import pytest

from xl2.errors import InvalidInput, Reverted, RpcRejected, RpcUnavailable
from xl2_adapters.rpc_wire import (
    Call,
    count,
    data,
    decode_batch,
    decode_single,
    encode_batch,
    encode_single,
    endpoint_name,
    mapping,
    quantity,
    sequence,
)

BLOCK_NUMBER = Call("eth_blockNumber")
RECEIPT = Call("eth_getTransactionReceipt", ("0x00",))


def answer(request_id: object = 7, **members: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": request_id, **members}


def decode(body: object, call: Call = BLOCK_NUMBER) -> object:
    return decode_single(orjson.dumps(body), call, 7, "node")


def decode_two(body: object) -> object:
    return decode_batch(orjson.dumps(body), [BLOCK_NUMBER, RECEIPT], 7, "node")


def test_a_request_carries_version_id_method_and_params() -> None:
    request = orjson.loads(encode_single(RECEIPT, 7))

    assert request == {"jsonrpc": "2.0", "id": 7, "method": "eth_getTransactionReceipt", "params": ["0x00"]}


def test_the_calls_of_a_batch_are_numbered_on_from_the_first() -> None:
    batch = orjson.loads(encode_batch([BLOCK_NUMBER, RECEIPT], 7))

    assert [(request["id"], request["method"]) for request in batch] == [
        (7, "eth_blockNumber"),
        (8, "eth_getTransactionReceipt"),
    ]


def test_a_result_is_returned() -> None:
    assert decode(answer(result="0x1")) == "0x1"


def test_an_error_of_null_beside_a_result_is_no_error() -> None:
    assert decode(answer(result="0x1", error=None)) == "0x1"


def test_null_is_an_answer_where_the_method_may_find_nothing() -> None:
    assert decode(answer(result=None), RECEIPT) is None


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "0x1",
        answer(),
        answer(result=None),
        answer(8, result="0x1"),
        answer("7", result="0x1"),
        answer(None, result="0x1"),
        answer(result="0x1", error={"code": 1, "message": "both"}),
        answer(error="text"),
        {"result": "0x1"},
    ],
)
def test_what_is_no_answer_to_this_call_is_refused(body: object) -> None:
    with pytest.raises(RpcUnavailable, match="did not answer by the protocol"):
        decode(body)


def test_an_id_of_true_is_not_the_id_1() -> None:
    with pytest.raises(RpcUnavailable):
        decode_single(orjson.dumps(answer(True, result="0x1")), BLOCK_NUMBER, 1, "node")


@pytest.mark.parametrize("body", [b"", b"<html>502 Bad Gateway</html>", b'{"jsonrpc":"2.0","id":7,"resu', b"\xff\xfe"])
def test_html_and_truncated_bodies_are_refused_and_quoted_short(body: bytes) -> None:
    with pytest.raises(RpcUnavailable, match="is not JSON") as refused:
        decode_single(body + b" " * 10_000, BLOCK_NUMBER, 7, "node")

    assert len(str(refused.value)) < 500


def test_a_node_error_is_handed_back_with_code_and_data() -> None:
    outcome = decode(answer(error={"code": -32000, "message": "nonce too low", "data": {"tx": 5}}))

    assert isinstance(outcome, RpcRejected)
    assert not isinstance(outcome, Reverted)
    assert (outcome.rpc_code, outcome.data, outcome.endpoint) == (-32000, {"tx": 5}, "node")
    assert "nonce too low" in str(outcome)


def test_a_node_may_leave_the_id_null_only_with_an_error() -> None:
    outcome = decode(answer(None, error={"code": -32700, "message": "parse error"}))

    assert isinstance(outcome, RpcRejected)


@pytest.mark.parametrize(
    ("error", "revert"),
    [
        ({"code": 3, "message": "execution reverted", "data": "0x08c379a0"}, b"\x08\xc3\x79\xa0"),
        ({"code": 3, "message": "execution reverted"}, b""),
        ({"code": -32015, "message": "VM execution error: revert", "data": "Reverted 0xabcd"}, b"\xab\xcd"),
        ({"code": -32000, "message": "Reverted", "data": {"data": "0x01", "message": "x"}}, b"\x01"),
        ({"code": 3, "message": "execution reverted", "data": "0xzz"}, b""),
    ],
)
def test_a_revert_is_typed_and_keeps_its_bytes(error: dict[str, object], revert: bytes) -> None:
    outcome = decode(answer(error=error))

    assert isinstance(outcome, Reverted)
    assert outcome.revert == revert


def test_batch_answers_come_back_in_the_order_of_the_calls() -> None:
    assert decode_two([answer(8, result=None), answer(7, result="0x1")]) == ["0x1", None]


def test_one_failed_call_of_a_batch_fails_alone() -> None:
    failed = answer(8, error={"code": -32602, "message": "invalid params"})

    outcomes = decode_two([failed, answer(7, result="0x1")])

    assert isinstance(outcomes, list)
    assert outcomes[0] == "0x1"
    assert isinstance(outcomes[1], RpcRejected)


def test_a_batch_refused_as_a_whole_is_an_error_of_the_node() -> None:
    with pytest.raises(RpcRejected, match="batch of 2 calls: batch too large"):
        decode_two(answer(None, error={"code": -32600, "message": "batch too large"}))


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        answer(7, result="0x1"),
        [answer(7, result="0x1")],
        [answer(7, result="0x1"), answer(7, result="0x2")],
        [answer(7, result="0x1"), answer(9, result="0x2")],
        [answer(7, result="0x1"), answer(8, result=None), answer(8, result=None)],
        [answer(7, result="0x1"), "text"],
        [answer(7, result="0x1"), answer(None, error={"code": 1, "message": "x"})],
    ],
)
def test_missing_double_and_strange_answers_of_a_batch_are_refused(body: object) -> None:
    with pytest.raises(RpcUnavailable):
        decode_two(body)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://user:secret@rpc.example:8443/v3/secret?key=secret#secret", "https://rpc.example:8443"),
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("http://[::1]:8545/secret", "http://[::1]:8545"),
        ("https://rpc.example/secret", "https://rpc.example"),
    ],
)
def test_an_endpoint_is_named_without_anything_secret(url: str, name: str) -> None:
    assert endpoint_name(url) == name


@pytest.mark.parametrize(
    "url", ["", "secret", "/secret", "ws://host/secret", "http:///secret", "http://host:99999/secret"]
)
def test_a_bad_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        endpoint_name(url)

    assert "secret" not in str(refused.value)
    assert refused.value.value is None


def test_quantities_data_objects_and_arrays_are_read() -> None:
    assert quantity("0x1f", "node") == 31
    assert data("0x00ff", "node") == b"\x00\xff"
    assert mapping({"a": 1}, "node") == {"a": 1}
    assert sequence(["a"], "node") == ["a"]


def test_a_count_is_one_that_every_store_can_hold() -> None:
    assert count("0x7fffffffffffffff", "node") == 2**63 - 1
    with pytest.raises(RpcUnavailable, match="blocks, logs or seconds"):
        count("0x8000000000000000", "node")


@pytest.mark.parametrize("value", [None, 31, "31", "0x", "0xzz", "", [], {}, True, "0x1_f", "0x-1", "0x\u0661"])
def test_what_is_no_quantity_is_refused(value: object) -> None:
    with pytest.raises(RpcUnavailable):
        quantity(value, "node")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [None, "00ff", "0x0", "0xzz", 1, [], "0x00 ff"])
def test_what_is_no_data_is_refused(value: object) -> None:
    with pytest.raises(RpcUnavailable):
        data(value, "node")  # type: ignore[arg-type]


def test_null_is_neither_an_object_nor_an_array() -> None:
    with pytest.raises(RpcUnavailable):
        mapping(None, "node")
    with pytest.raises(RpcUnavailable):
        sequence(None, "node")
