"""A verifier that may not speak for a log: whoever asks why is led to what is paused on the chain."""

import pytest

from tests import factories
from xl2.core.evidence import VerifierMask
from xl2.core.storage_proof import LogKind
from xl2.errors import NotYet
from xl2.ports import Log
from xl2_adapters.standing import require_standing

LOG = Log(lane=factories.lane(), kind=LogKind.LANE)


def test_one_that_does_not_stand_says_why_that_can_be_and_where_to_look() -> None:
    with pytest.raises(NotYet, match="verifier 2 does not stand for this log on chain 902: a guardian") as refused:
        require_standing(VerifierMask(0b1011), 2, LOG)

    assert "`xl2 watcher pauses`" in refused.value.what


def test_one_that_stands_passes() -> None:
    require_standing(VerifierMask(0b1011), 3, LOG)
