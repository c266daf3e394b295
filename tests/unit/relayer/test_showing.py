"""Showing: what a recipient refused is remembered for a while, and takes no more memory the longer a relayer runs."""

import pytest

from tests.factories import messages
from tests.store_promises.scene import place
from xl2.core.lifecycle import State
from xl2.ports import Record, Sent
from xl2.relayer.showing import Showing
from xl2.testing import MemoryProver, World

MESSAGES = messages(30)


def record(nonce: int) -> Record:
    message = MESSAGES[nonce]
    sent = Sent(message=message, place=place(7))
    return Record(sent=sent, start=message.id, state=State.OBSERVED, since=0.0, due=0.0, attempts=0, cause="")


@pytest.fixture
def provers() -> list[MemoryProver]:
    chain = World().chain(901)
    return [MemoryProver(home=chain), MemoryProver(home=chain, name="another")]


def test_evidence_that_a_recipient_refused_is_not_shown_to_it_while_there_is_other(provers: list[MemoryProver]) -> None:
    showing = Showing(name="901-902", submitters={})

    showing.refused([MESSAGES[0].id], provers[0].name)

    assert showing.provers_for(record(0), provers) == provers[1:]
    assert showing.provers_for(record(1), provers) == provers


def test_only_the_newest_refusals_are_remembered(provers: list[MemoryProver], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xl2.relayer.showing._REMEMBERED", 10)
    showing = Showing(name="901-902", submitters={})

    for one in MESSAGES:
        showing.refused([one.id], provers[0].name)

    assert [len(showing.provers_for(record(nonce), provers)) for nonce in range(30)] == [2] * 20 + [1] * 10
