"""Every family of rollups does what any adapter must: the suite of `xl2.testing.conformance`, on a real devnet."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.devnet_clocks import UNDISPUTED
from tests.faults.proxy import FaultProxy
from tests.scenario.devnet_subject import DevnetSubject
from tests.scenario.route import Opened
from xl2.config import Config
from xl2.testing.conformance import Conformance, Subject
from xl2_devnet import Description
from xl2_devnet.controls import Controls
from xl2_devnet.devnet import running
from xl2_devnet.options import Options


@pytest.fixture(scope="module")
def devnet(controls: Controls) -> Iterator[Description]:
    """An L2 of each family, and Base beside Optimism: one family, two chains."""
    with running(Options(l2=("op", "base", "arbitrum", "zk"), clocks=UNDISPUTED), controls=controls) as description:
        yield description


class OnTheDevnet(Conformance):
    """The suite for one chain; each is heard by a chain of another family but Base, which hears its own."""

    HOME = ""
    READER = ""

    @pytest.fixture
    async def subject(self, devnet: Description, config: Config, controls: Controls) -> AsyncIterator[Subject]:
        async with FaultProxy(config.chain(self.HOME).rpc_url) as door:
            reached = config.reached_by({self.HOME: door.url})
            opened = Opened(reached)
            made = DevnetSubject(
                config=reached,
                opened=opened,
                home_name=self.HOME,
                reader_name=self.READER,
                door=door,
                node_url=devnet.chain(self.HOME).node_url,
                role="grace",
                controls=controls,
            )
            yield made
            await made.store.close()
            await opened.close()


class TestOptimism(OnTheDevnet):
    """Heard by Arbitrum, which is told of L1's blocks."""

    HOME, READER = "op-a", "arbitrum-c"


@pytest.mark.soak
class TestBase(OnTheDevnet):
    """Heard by its own family, which is Optimism's: all but the addresses is tried above."""

    HOME, READER = "base-b", "op-a"


class TestArbitrum(OnTheDevnet):
    """Heard by the ZK stack."""

    HOME, READER = "arbitrum-c", "zk-d"


class TestZkStack(OnTheDevnet):
    """Heard by Base."""

    HOME, READER = "zk-d", "base-b"
