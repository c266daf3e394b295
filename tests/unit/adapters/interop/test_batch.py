"""How messages become transactions."""

from eth_abi import decode

from tests.unit.adapters.interop.scene import message
from xl2_adapters.op_stack.interop.batch import Batch, BatchPolicy, pack, relay_gas
from xl2_adapters.op_stack.interop.contracts import MESSENGER, MULTICALL, RELAY
from xl2_adapters.op_stack.interop.entry import Entry
from xl2_adapters.op_stack.interop.messages import Sent


def entries(count: int, *, width: int = 0, gas: int = 0) -> list[Entry]:
    return [Entry(sent=message(nonce), width=width, gas=gas) for nonce in range(count)]


def sizes(batches: list[Batch]) -> list[int]:
    return [len(batch.entries) for batch in batches]


def test_no_batch_has_more_messages_than_the_policy_allows_and_none_is_left_out() -> None:
    batches = list(pack(entries(40), BatchPolicy(max_messages=16)))

    assert sizes(batches) == [16, 16, 8]
    assert [entry.sent.message.nonce for batch in batches for entry in batch.entries] == list(range(40))


def test_no_batch_has_more_gas_than_a_transaction_may() -> None:
    policy = BatchPolicy(max_messages=16, max_gas=1_000_000)

    assert all(batch.gas_limit <= policy.max_gas for batch in pack(entries(40), policy))
    assert sizes(list(pack(entries(3, gas=900_000), policy))) == [1, 1, 1]


def test_who_may_have_few_companions_goes_with_his_like() -> None:
    mixed = entries(20) + entries(4, width=2) + entries(2, width=1)

    assert sizes(list(pack(mixed, BatchPolicy(max_messages=16)))) == [16, 4, 2, 2, 1, 1]


def test_each_relay_of_a_batch_is_free_to_fail() -> None:
    to, data = Batch(entries=tuple(entries(3))).call()
    (calls,) = decode(["(address,bool,bytes)[]"], data[4:])

    assert to == MULTICALL
    assert [(bytes.fromhex(target[2:]), may_fail) for target, may_fail, _ in calls] == [(MESSENGER, True)] * 3
    assert [relay for _, _, relay in calls] == [entry.sent.relay_data() for entry in entries(3)]


def test_one_relay_goes_straight_to_the_messenger() -> None:
    (entry,) = entries(1)
    to, data = Batch(entries=(entry,)).call()
    identifier, payload = decode(["(address,uint256,uint256,uint256,uint256)", "bytes"], data[4:])

    assert (to, data[:4]) == (MESSENGER, RELAY.selector)
    assert identifier == entry.sent.identifier.fields()
    assert payload == entry.sent.payload


def test_the_access_list_of_a_batch_announces_every_message_in_it() -> None:
    batch = Batch(entries=tuple(entries(3)))

    assert len(set(batch.keys)) == 6
    assert batch.keys == tuple(key for entry in batch.entries for key in entry.sent.keys)


def test_a_longer_body_may_use_more_gas_and_an_estimate_counts_for_more_than_a_guess() -> None:
    def gas(sent: Sent, estimated: int = 0) -> int:
        return relay_gas(Entry(sent=sent, gas=estimated))

    assert gas(message(0, body=bytes(512))) > gas(message(0, body=bytes(32)))
    assert gas(message(0), 777_000) == 777_000
