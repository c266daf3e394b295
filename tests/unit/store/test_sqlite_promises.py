"""Every promise of the port `Store`, kept by the one on SQLite."""

from tests.store_promises.controls import ControlPromises
from tests.store_promises.journalling import JournalPromises
from tests.store_promises.leasing import LeasePromises
from tests.store_promises.left_open import LeftOpenPromises
from tests.store_promises.observing import ObservingPromises
from tests.store_promises.pruning import PruningPromises
from tests.store_promises.settling import SettlingPromises


class TestObserving(ObservingPromises):
    """What was observed."""


class TestJournal(JournalPromises):
    """What was signed."""


class TestControls(ControlPromises):
    """What a person told."""


class TestLeases(LeasePromises):
    """Who owns what."""


class TestSettling(SettlingPromises):
    """What the origin has settled."""


class TestLeftOpen(LeftOpenPromises):
    """What waits for good."""


class TestPruning(PruningPromises):
    """What goes when it is over."""
