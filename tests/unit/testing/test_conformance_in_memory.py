"""Chains in memory pass the conformance suite, but for deposits: they have no anchor."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.testing.memory_subject import MemorySubject
from xl2.testing.conformance import Evidence, FinalityLevels, Health, Observing, Outages, Reorgs, Subject


class TestChainsInMemory(Observing, FinalityLevels, Evidence, Reorgs, Outages, Health):
    """Every check that needs no anchor."""

    @pytest.fixture
    async def subject(self) -> AsyncIterator[Subject]:
        made = MemorySubject()
        yield made
        await made.store.close()
