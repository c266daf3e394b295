"""
pytest plugin: one devnet for a whole test session.

A test that names the fixture `devnet` gets its description; the first one that does starts it. Promise: it is ended
with the session, also when that fails. Tests share it, so each uses accounts and contracts of its own.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xl2_devnet.devnet_file import Description


@pytest.fixture(scope="session")
def devnet() -> "Iterator[Description]":
    """A running devnet with two OP Stack L2s, `op-a` and `op-b`, four blocks a second on each chain."""
    # Not at the top: a test run that uses no devnet does not load one.
    from xl2_devnet.clocks import BRISK  # noqa: PLC0415
    from xl2_devnet.devnet import running  # noqa: PLC0415
    from xl2_devnet.options import Options  # noqa: PLC0415

    with running(Options(clocks=BRISK)) as description:
        yield description
