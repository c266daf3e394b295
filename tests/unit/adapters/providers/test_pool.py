"""Several endpoints as one: what k agree on is believed, and who is wrong is named and left aside."""

import asyncio

import pytest

from tests.unit.adapters.providers.scripted import (
    CHAIN,
    Group,
    Scripted,
    about,
    block,
    block_hash,
    down,
    log,
)
from xl2.errors import Reverted, RpcDisagreement, RpcRateLimited, RpcRejected, RpcUnavailable, WrongChain
from xl2.ports import AlarmKind
from xl2_adapters.rpc_wire import Call, Json

AT = ("eth_getStorageAt", "0x" + "11" * 20, "0x0", "0x5")


def three(**habits: Scripted) -> list[Scripted]:
    return [habits.get(name, Scripted(name)) for name in ("a", "b", "c")]


async def test_what_two_of_three_say_is_the_answer_whoever_is_asked_first() -> None:
    for liar in ("a", "b", "c"):
        group = Group.of(*three(**{liar: Scripted(liar, habit=about("eth_getStorageAt", "0x666"))}))

        assert await group.pool.call(*AT) == "0x2a"

        await group.pool.close()


async def test_a_plain_read_asks_one_endpoint() -> None:
    group = Group.of(*three())
    await group.pool.require_chain(CHAIN)
    await group.pool.call("eth_gasPrice")
    await group.quiet()

    asked = [one.name for one in group.endpoints if Call("eth_gasPrice") in one.asked]

    assert len(asked) == 1


@pytest.mark.parametrize("told", ["0xffffffffffffff", "0x0", "nonsense", None])
async def test_no_endpoint_alone_makes_us_pay_a_high_tip(told: Json) -> None:
    honest = about("eth_maxPriorityFeePerGas", "0x64")
    for liar in ("a", "b", "c"):
        habits = {name: Scripted(name, habit=honest) for name in ("a", "b", "c")}
        habits[liar] = Scripted(liar, habit=about("eth_maxPriorityFeePerGas", told))
        group = Group.of(*three(**habits))

        tip = await group.pool.call("eth_maxPriorityFeePerGas")

        assert tip in ("0x0", "0x64")
        await group.pool.close()


@pytest.mark.parametrize("tag", ["latest", "pending"])
async def test_no_endpoint_alone_sends_us_to_a_nonce_far_ahead(tag: str) -> None:
    honest = about("eth_getTransactionCount", "0x5")
    for liar in ("a", "b", "c"):
        habits = {name: Scripted(name, habit=honest) for name in ("a", "b", "c")}
        habits[liar] = Scripted(liar, habit=about("eth_getTransactionCount", "0xf4240"))
        group = Group.of(*three(**habits))

        assert await group.pool.call("eth_getTransactionCount", "0x" + "11" * 20, tag) == "0x5"

        await group.pool.close()


async def test_root_data_asks_as_many_as_must_agree_and_no_more() -> None:
    group = Group.of(*three())
    await group.pool.call(*AT)
    await group.quiet()

    assert sum(Call(AT[0], AT[1:]) in one.asked for one in group.endpoints) == 2


async def test_a_liar_is_named_once_and_left_aside() -> None:
    group = Group.of(
        *three(a=Scripted("a", habit=about("eth_getLogs", lambda logs: logs[:-1] if isinstance(logs, list) else logs)))
    )
    asked: dict[str, Json] = {"fromBlock": "0x1", "toBlock": "0x5"}

    for _ in range(3):
        assert await group.pool.call("eth_getLogs", asked) == [log(1), log(2)]
        await group.quiet()

    assert set(group.aside) == {"a"}
    assert "eth_getLogs" in group.aside["a"]
    (alarm,) = group.told.alarms
    assert alarm.kind is AlarmKind.RPC_DISAGREEMENT
    assert "endpoint a of chain 901 lies" in alarm.what
    assert "1 logs" in alarm.what
    assert "2 logs" in alarm.what


async def test_who_is_left_aside_is_taken_back_after_it_proved_itself(caplog: pytest.LogCaptureFixture) -> None:
    liar = Scripted("a", habit=about("eth_getStorageAt", "0x666"))
    group = Group.of(*three(a=liar))
    await group.pool.call(*AT)
    await group.quiet()
    assert set(group.aside) == {"a"}

    liar.habit = lambda _call, told: told
    group.clock.at += 30
    await group.pool.call("eth_gasPrice")
    await group.quiet()
    assert set(group.aside) == {"a"}, "its time is not over"
    group.clock.at += 31
    with caplog.at_level("INFO"):
        await group.pool.call("eth_gasPrice")
        await group.quiet()

    assert group.aside == {}
    assert [line.message for line in caplog.records if line.levelname == "INFO"] == ["an endpoint is back"]


async def test_who_has_another_block_than_the_others_does_not_prove_itself() -> None:
    forged = about("eth_getBlockByNumber", lambda told: {**told, "hash": "0x666"} if isinstance(told, dict) else told)
    group = Group.of(*three(a=Scripted("a", habit=forged)))
    await group.pool.call("eth_getBlockByNumber", "0x5", False)
    await group.quiet()
    assert set(group.aside) == {"a"}

    group.clock.at += 100
    await group.pool.call("eth_gasPrice")
    await group.quiet()

    assert set(group.aside) == {"a"}
    assert len(group.told.alarms) == 1


async def test_a_dead_endpoint_costs_nobody_an_answer_and_is_named() -> None:
    group = Group.of(*three(b=Scripted("b", habit=down("b"))))

    for _ in range(6):
        assert await group.pool.call(*AT) == "0x2a"
        assert await group.pool.call("eth_gasPrice") == "0x2a"
        await group.quiet()
        group.clock.at += 3

    assert group.aside == {"b": "b cannot be reached"}
    assert [alarm.kind for alarm in group.told.alarms] == [AlarmKind.PROVIDER_DOWN]


async def test_an_endpoint_that_limits_our_rate_is_left_alone_for_as_long_as_it_asked() -> None:
    def limits(_call: Call, _told: Json) -> Json:
        raise RpcRateLimited("a refuses for now", endpoint="a", retry_after_seconds=120)

    limiting = Scripted("a", habit=limits)
    group = Group.of(*three(a=limiting))
    await group.pool.call(*AT)
    await group.quiet()
    so_often = len(limiting.asked)

    group.clock.at += 100
    for _ in range(5):
        await group.pool.call(*AT)
        await group.quiet()

    assert set(group.aside) == {"a"}
    assert len(limiting.asked) == so_often


async def test_where_no_two_agree_nobody_is_believed_and_the_error_says_who_said_what() -> None:
    group = Group.of(
        *(
            Scripted(name, habit=about("eth_getStorageAt", said))
            for name, said in (("a", "0x1"), ("b", "0x2"), ("c", "0x3"))
        )
    )

    with pytest.raises(RpcDisagreement) as raised:
        await group.pool.call(*AT)
    with pytest.raises(RpcDisagreement):
        await group.pool.call(*AT)

    assert raised.value.said == {"a": '"0x1"', "b": '"0x2"', "c": '"0x3"'}
    (alarm,) = group.told.alarms
    assert alarm.kind is AlarmKind.RPC_DISAGREEMENT
    assert all(f'{name} says "{said}"' in alarm.what for name, said in (("a", "0x1"), ("b", "0x2"), ("c", "0x3")))


async def test_one_endpoint_alone_is_no_quorum() -> None:
    group = Group.of(*three(b=Scripted("b", habit=down("b")), c=Scripted("c", habit=down("c"))))

    with pytest.raises(RpcUnavailable, match="needs 2 endpoints that agree, and 1 answered"):
        await group.pool.call(*AT)
    assert await group.pool.call("eth_gasPrice") == "0x2a"


async def test_the_head_is_the_highest_block_that_two_have() -> None:
    group = Group.of(Scripted("a", tip=101), Scripted("b", tip=103), Scripted("c", tip=99), quorum=2)

    found = {str(tag): await group.pool.call("eth_getBlockByNumber", tag, False) for tag in ("latest", "finalized")}

    assert found == {"latest": block(101), "finalized": block(97)}


async def test_a_head_that_one_alone_claims_is_no_head_and_names_him() -> None:
    group = Group.of(Scripted("a", tip=100_000), Scripted("b"), Scripted("c"))

    found = await group.pool.call("eth_getBlockByNumber", "latest", False)
    await group.quiet()

    assert found == block(100)
    assert set(group.aside) == {"a"}
    assert "ahead of the others' 100" in group.aside["a"]


async def test_an_endpoint_that_stands_still_is_named_and_holds_nobody_up() -> None:
    group = Group.of(Scripted("a", tip=50), Scripted("b"), Scripted("c"))

    await group.pool.call("eth_getBlockByNumber", "finalized", False)
    await group.quiet()

    assert await group.pool.call("eth_getBlockByNumber", "finalized", False) == block(96)
    assert set(group.aside) == {"a"}
    assert "its newest block is 50, 50 s behind the others' 100" in group.aside["a"]
    assert [alarm.kind for alarm in group.told.alarms] == [AlarmKind.PROVIDER_DOWN]


async def test_a_block_that_not_enough_have_yet_is_not_there_and_nobody_is_blamed() -> None:
    group = Group.of(Scripted("a", tip=101), Scripted("b"), Scripted("c"))

    assert await group.pool.call("eth_getBlockByNumber", hex(101), False) is None
    await group.quiet()
    assert group.aside == {}


async def test_a_block_under_way_is_no_contradiction_once_it_has_arrived() -> None:
    late = Scripted("a", habit=about("eth_getBlockByNumber", lambda _: {**block(100), "hash": block_hash(7)}))
    group = Group.of(late, Scripted("b"), Scripted("c"))

    await group.pool.call("eth_getBlockByNumber", "0x64", False)
    late.habit = lambda _call, told: told
    await group.quiet()

    assert group.aside == {}


async def test_an_endpoint_of_another_chain_is_left_aside_and_the_others_serve() -> None:
    group = Group.of(*three(c=Scripted("c", habit=about("eth_chainId", "0x1"))))

    await group.pool.require_chain(CHAIN)

    assert group.aside == {"c": "it serves chain 1, not 901"}
    assert await group.pool.call(*AT) == "0x2a"


async def test_where_all_serve_another_chain_the_configuration_is_wrong() -> None:
    group = Group.of(*(Scripted(name, habit=about("eth_chainId", "0x1")) for name in "abc"))

    with pytest.raises(WrongChain, match="serves chain 1, configured is 901"):
        await group.pool.require_chain(CHAIN)


async def test_an_endpoint_whose_chain_changes_while_it_runs_is_left_aside() -> None:
    changing = Scripted("a")
    group = Group.of(*three(a=changing))
    await group.pool.require_chain(CHAIN)

    changing.habit = about("eth_chainId", "0x1")
    group.clock.at += 10
    await group.pool.call("eth_gasPrice")
    await group.quiet()

    assert group.aside == {"a": "it serves chain 1, not 901"}


async def test_a_revert_is_an_answer_that_two_must_give() -> None:
    def reverts(call: Call, told: Json) -> Json:
        if call.method != "eth_call":
            return told
        raise Reverted("no", endpoint="x", revert=b"\x01")

    view: tuple[str, Json, Json] = ("eth_call", {"to": "0x" + "11" * 20}, "0x5")
    both = Group.of(Scripted("a", habit=reverts), Scripted("b", habit=reverts), Scripted("c"))
    alone = Group.of(Scripted("a", habit=reverts), Scripted("b"), Scripted("c"))

    with pytest.raises(Reverted):
        await both.pool.call(*view)
    assert await alone.pool.call(*view) == "0x2a"


async def test_state_that_one_endpoint_has_pruned_is_read_from_the_others() -> None:
    def pruned(call: Call, told: Json) -> Json:
        if call.method == "eth_getStorageAt":
            raise RpcRejected("missing trie node", endpoint="a")
        return told

    group = Group.of(*three(a=Scripted("a", habit=pruned)))
    all_of_them = Group.of(*(Scripted(name, habit=pruned) for name in "abc"))

    assert await group.pool.call(*AT) == "0x2a"
    await group.quiet()
    assert group.aside == {"a": "it refuses what b answers: missing trie node"}
    with pytest.raises(RpcRejected, match="missing trie node"):
        await all_of_them.pool.call(*AT)


async def test_a_transaction_goes_to_all_and_one_that_takes_it_is_enough() -> None:
    def lost(call: Call, told: Json) -> Json:
        if call.method == "eth_sendRawTransaction":
            raise RpcUnavailable("it did not answer", endpoint="x")
        return told

    group = Group.of(*three(a=Scripted("a", habit=lost), b=Scripted("b", habit=lost)))

    assert await group.pool.call("eth_sendRawTransaction", "0x02") == "0x" + "77" * 32
    await group.quiet()

    assert all(any(call.method == "eth_sendRawTransaction" for call in one.asked) for one in group.endpoints)


async def test_a_transaction_that_all_refuse_is_refused() -> None:
    def refuses(call: Call, told: Json) -> Json:
        if call.method == "eth_sendRawTransaction":
            raise RpcRejected("nonce too low", endpoint="x")
        return told

    group = Group.of(*(Scripted(name, habit=refuses) for name in "abc"))

    with pytest.raises(RpcRejected, match="nonce too low"):
        await group.pool.call("eth_sendRawTransaction", "0x02")


async def test_a_batch_keeps_its_order_whatever_each_call_needs() -> None:
    group = Group.of(*three())
    calls = [
        Call("eth_gasPrice"),
        Call("eth_getBlockByNumber", ("latest", False)),
        Call("eth_getStorageAt", AT[1:]),
        Call("eth_sendRawTransaction", ("0x02",)),
        Call("eth_chainId"),
    ]

    assert await group.pool.batch(calls) == ["0x2a", block(100), "0x2a", "0x" + "77" * 32, "0x385"]


async def test_views_beside_the_tip_are_of_that_block() -> None:
    group = Group.of(Scripted("a", tip=103), Scripted("b", tip=101), Scripted("c", tip=99))
    await group.pool.look()
    to: Json = {"to": "0x" + "11" * 20}

    view, tip = await group.pool.batch(
        [Call("eth_call", (to, "latest")), Call("eth_getBlockByNumber", ("latest", False))]
    )

    number = tip["number"] if isinstance(tip, dict) else None
    asked = [call.params[1] for one in group.endpoints for call in one.asked if call.method == "eth_call"]
    assert view == "0x2a"
    assert tip in (block(99), block(101))
    assert asked == [number, number]


async def test_closing_ends_what_goes_on_and_closes_every_endpoint() -> None:
    group = Group.of(*three())
    await group.pool.call(*AT)

    await group.pool.close()

    assert all(one.closed for one in group.endpoints)
    assert [task for task in asyncio.all_tasks() if "of chain 901" in task.get_name()] == []
