"""Recovery: whether the chains are to be asked yet, or transactions are waited for, is told apart."""

from tests.store_promises.scene import signed
from tests.unit.operator.desk_scene import scene
from xl2.app.viewing import _recovery
from xl2.core.types import hex_text


async def test_on_an_empty_store_nothing_of_an_earlier_run_is_claimed() -> None:
    async with scene() as at:
        check = _recovery(await at.desk.transactions())

    assert (check.ok, check.remedy) == (False, "Wait a moment.")
    assert check.said.startswith("the chains are not asked yet which nonces of the account are used")


async def test_what_an_earlier_run_left_open_is_named() -> None:
    async with scene() as at:
        one = await signed(7)
        await at.store.keep(one, "deliver 2 messages")
        check = _recovery(await at.desk.transactions())

    assert check.said == (
        "what an earlier run signed is not included yet: open transactions 1, the first on op-a with nonce 7, "
        f"{hex_text(one.hash)}"
    )
    assert "xl2 relayer status" in check.remedy
