"""Three endpoints of one real node: a forged proof is found out by its state root, and true ones need nobody's word."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.proxy import Fault, FaultProxy
from tests.heard import Heard
from tests.waiting import until_true
from xl2.core.types import Address, BlockNumber, ChainId
from xl2.ports import AlarmKind, ChainSettings
from xl2_adapters.evm import Evm
from xl2_adapters.providers import rpc_of
from xl2_adapters.rpc import RpcClient
from xl2_devnet.anvil import anvil
from xl2_devnet.toolchain import ANVIL, find

# One node serves them all, so they share its event loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")

_CHAIN = ChainId(31_337)
_ACCOUNT = Address(bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node() -> AsyncIterator[str]:
    async with anvil(find(ANVIL, {}), "pool", port=0, arguments=("--chain-id", str(_CHAIN))) as running:
        async with RpcClient(running.url) as rpc:
            await rpc.call("anvil_mine", "0x3")
        yield running.url


@pytest_asyncio.fixture(loop_scope="module")
async def proxies(node: str) -> AsyncIterator[list[FaultProxy]]:
    async with FaultProxy(node) as first, FaultProxy(node) as second, FaultProxy(node) as third:
        # Slower, so that the first is asked first: by more than a busy machine may hold up its answers.
        for late in (second, third):
            late.fault(Fault.SLOW, seconds=0.3)
        yield [first, second, third]


@pytest_asyncio.fixture(loop_scope="module")
async def chain(proxies: list[FaultProxy]) -> AsyncIterator[Evm]:
    first, *others = [proxy.url for proxy in proxies]
    settings = ChainSettings(
        chain=_CHAIN, name="pool", family="l1", rpc_url=first, rpc_urls=tuple(others), rpc_timeout_seconds=30
    )
    evm = Evm(_CHAIN, rpc_of(settings))
    await evm.look_at_endpoints()
    yield evm
    await evm.close()


async def test_a_true_proof_is_asked_of_one_endpoint(chain: Evm, proxies: list[FaultProxy]) -> None:
    proof = await chain.proof(_ACCOUNT, [], BlockNumber(3))

    assert proof.account
    assert sum(proxy.asked["eth_getProof"] for proxy in proxies) == 1


async def test_a_forged_proof_is_not_handed_on_and_its_maker_is_named(chain: Evm, proxies: list[FaultProxy]) -> None:
    told = Heard()
    chain.report_to(told)
    true = await chain.proof(_ACCOUNT, [], BlockNumber(3))
    proxies[0].fault(Fault.FORGED_PROOF)

    found = await chain.proof(_ACCOUNT, [], BlockNumber(3))
    await until_true(lambda: bool(told.alarms), "an alarm")

    assert found == true
    assert proxies[0].spoiled[Fault.FORGED_PROOF] == 1
    (alarm,) = told.alarms
    assert alarm.kind is AlarmKind.RPC_DISAGREEMENT
    assert proxies[0].url in alarm.what
    assert "does not hold under the state root of block 3" in alarm.what


async def test_where_no_proof_holds_nobody_is_called_a_liar(chain: Evm, proxies: list[FaultProxy]) -> None:
    told = Heard()
    chain.report_to(told)
    for proxy in proxies:
        proxy.fault(Fault.FORGED_PROOF)

    proof = await chain.proof(_ACCOUNT, [], BlockNumber(3))

    # Whoever reads it verifies it once more (`scenario/test_lies.py`).
    assert proof.account
    assert told.alarms == []


async def test_each_endpoint_is_looked_at_for_the_doctor(chain: Evm, proxies: list[FaultProxy]) -> None:
    proxies[1].fault(Fault.RESET)
    proxies[2].fault(Fault.WRONG_CHAIN)

    states = await chain.look_at_endpoints()

    assert [state.name for state in states] == [proxy.url for proxy in proxies]
    assert (states[0].newest, states[0].trouble, states[0].aside) == (3, "", "")
    assert "broke the connection" in states[1].trouble
    assert states[2].aside == "it serves chain 15999, not 31337"
