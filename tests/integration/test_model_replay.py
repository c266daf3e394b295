"""The contracts do what the model does: the same calls, accepted or refused alike, and the same state after each."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from attrs import fields
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.mirror import Mirror, arguments
from tests.integration.node import Node
from tests.property.promises import Promises
from tests.property.protocol_model import Mood, Rules
from tests.property.protocol_world import (
    AddFee,
    Call,
    Claim,
    Deliver,
    Expire,
    PauseLane,
    PauseVerifier,
    Retry,
    Send,
    SetPolicy,
    Settle,
    Show,
    Side,
    side_of,
)
from xl2_devnet.anvil import anvil
from xl2_devnet.toolchain import ANVIL, find

REPLAY = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


#: Rules that no call to a contract shows: what honest verifiers sign, and what only a recipient that calls back meets.
OFF_CHAIN = ("heads_are_of_final_blocks", "inbox_is_closed_while_a_recipient_runs")


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    binary = find(ANVIL, os.environ)
    with asyncio.Runner() as runner:
        running = AsyncExitStack()
        nodes = {}
        try:
            for side in Side:
                started = runner.run(
                    running.enter_async_context(anvil(binary, side.value, port=0, arguments=arguments(side)))
                )
                nodes[side] = Node(started.url)
            yield Mirror.deploy(nodes)
        finally:
            for node in nodes.values():
                node.close()
            runner.run(running.aclose())


class Replay(Promises):
    """The state machine, with each of its calls made on the contracts too."""

    #: Calling back while the inbox runs is tested on the contracts by themselves.
    moods = (Mood.TAKES, Mood.FAILS)
    mirror: Mirror
    tried: Counter[tuple[type, bool]]

    def __init__(self) -> None:
        super().__init__()
        self.mirror.reset()

    def finalize(self, side: Side) -> None:
        super().finalize(side)
        self.mirror.finalize(side)

    def take_back(self, side: Side) -> None:
        super().take_back(side)
        self.mirror.take_back(side)
        self.compare(side, f"a reorg of the {side.value}")

    def do(self, call: Call) -> bool:
        accepted = super().do(call)
        side = side_of(call)
        said = self.mirror.do(call, self.world.chain(side).now)
        why = "accepts" if accepted else f"refuses, for {self.world.refusals[-1]},"
        assert said == accepted, f"contract and model differ: the model {why} {call}"
        self.tried[type(call), accepted] += 1
        self.compare(side, str(call))
        return accepted

    def compare(self, side: Side, after: str) -> None:
        known = [message for message in self.known.values() if message.expiry or message.fee]
        said, expected = self.mirror.state(side, known), self.mirror.expected(self.world, side, known)
        different = {name: (said[name], expected[name]) for name in expected if said[name] != expected[name]}
        assert not different, f"contract and model differ after {after}: {different}"


def replay(mirror: Mirror, rules: Rules, search: settings) -> Counter[tuple[type, bool]]:
    """What was tried, by kind of call and whether it was accepted."""
    tried: Counter[tuple[type, bool]] = Counter()
    members = {"lanes": mirror.lanes, "protocol": rules, "mirror": mirror, "tried": tried}
    run_state_machine_as_test(type("ReplayOf", (Replay,), members), settings=search)
    return tried


def test_the_contracts_do_what_the_model_does(mirror: Mirror) -> None:
    tried = replay(mirror, Rules(), REPLAY)

    accepted = {kind for kind, was_accepted in tried if was_accepted}
    refused = {kind for kind, was_accepted in tried if not was_accepted}
    assert accepted >= {Send, AddFee, Deliver, Retry, Expire, Settle, Claim, Show, SetPolicy, PauseLane, PauseVerifier}
    assert refused >= {AddFee, Deliver, Retry, Expire, Settle, Claim}


@pytest.mark.parametrize("rule", [field.name for field in fields(Rules) if field.name not in OFF_CHAIN])
def test_the_contracts_do_not_what_the_model_does_without_one_of_its_rules(mirror: Mirror, rule: str) -> None:
    without: dict[str, Any] = {rule: False}

    with pytest.raises(AssertionError, match="contract and model differ"):
        replay(mirror, Rules(**without), settings(REPLAY, max_examples=400))
