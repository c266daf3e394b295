"""Hashes that a real chain knows a transaction by: asked for by one, answered under it."""

from xl2_devnet.aliases import alias_in, asked_of_anvil, told_to_user

TICKET, OWN = "0x" + "aa" * 32, "0x" + "bb" * 32
ALIASES = {TICKET: OWN}


def test_a_look_up_by_an_alias_is_seen_in_any_case_of_letters() -> None:
    call = {"method": "eth_getTransactionReceipt", "params": [TICKET.upper().replace("X", "x")]}

    assert alias_in(call, ALIASES) == TICKET


def test_other_hashes_methods_and_shapes_are_left_alone() -> None:
    assert alias_in({"method": "eth_getTransactionReceipt", "params": [OWN]}, ALIASES) is None
    assert alias_in({"method": "eth_getBlockByHash", "params": [TICKET, False]}, ALIASES) is None
    assert alias_in({"method": "eth_getTransactionByHash", "params": []}, ALIASES) is None
    assert alias_in({"method": "eth_getTransactionByHash"}, ALIASES) is None
    assert alias_in({"method": "eth_getTransactionByHash", "params": [None]}, ALIASES) is None


def test_anvil_is_asked_by_its_own_hash_with_all_else_kept() -> None:
    call = {"id": 7, "method": "debug_traceTransaction", "params": [TICKET, {"tracer": "callTracer"}]}

    assert asked_of_anvil(call, OWN) == {**call, "params": [OWN, {"tracer": "callTracer"}]}


def test_the_answer_stands_under_the_hash_that_was_asked_for() -> None:
    receipt = {"transactionHash": OWN, "status": "0x1", "logs": [{"transactionHash": OWN, "logIndex": "0x0"}]}

    told = told_to_user({"id": 7, "result": receipt}, TICKET)

    assert told["result"]["transactionHash"] == told["result"]["logs"][0]["transactionHash"] == TICKET
    assert (told["id"], told["result"]["status"]) == (7, "0x1")
    assert receipt["transactionHash"] == OWN, "what came in is left as it was"


def test_an_answer_without_a_transaction_is_passed_on() -> None:
    for answer in ({"id": 1, "result": None}, {"id": 1, "error": {"code": -32000}}):
        assert told_to_user(answer, TICKET) == answer
