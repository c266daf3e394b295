"""`xl2 relayer status`: alarms first, nothing that is to be copied is broken, and what nobody knows is not said."""

import io
from typing import Any

from rich.console import Console

from tests.store_promises.scene import signed
from tests.unit.operator.desk_scene import SETTLED, scene
from xl2.cli.relayer_orders import _drawn
from xl2.core.types import ChainId, hex_text
from xl2.operator.values import ChainReading

PAYER, EARNER = "0x90F79bf6EB2c4f870365E785982E1f101E93b906", "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"
READING = ChainReading(
    chain=ChainId(901), name="op-a", heads={"latest": 123_456, "finalized": 123_400}, head_age_seconds=2.0,
    account=PAYER, balance=5 * 10**17, earner=EARNER, earner_balance=0, claimable=2_308_933 * 10**9, open_nonces=1,
)  # fmt: skip


async def found(*, is_running: bool) -> dict[str, Any]:
    """A relayer with a parked lane and one open transaction."""
    chains: dict[str, Any] = {"chains_read": lambda: (READING,)} if is_running else {}
    async with scene(**chains) as at:
        for fee in (5, 9):
            await at.store.keep(await signed(7, fee=fee), "deliver 2 messages")
        await at.store.pause(SETTLED, "a final block is gone", "incident", 1_700_000_000.0)
        told: dict[str, Any] = {"running": is_running, "url": "http://127.0.0.1:1", "ready": True, "checks": []}
        for path in ("/alarms", "/chains", "/transactions", "/lanes"):
            told |= await at.ask("GET", path)
    return told


def shown(told: dict[str, Any]) -> list[str]:
    console = Console(file=io.StringIO(), width=80)
    console.print(_drawn(told), soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


async def test_a_running_relayer_shows_alarms_who_pays_and_earns_balances_and_what_is_open() -> None:
    lines = shown(await found(is_running=True))
    words = [line.split() for line in lines]

    assert lines[2].startswith("ALARM deep-reorg        since 2023-11-14 22:13:20: a final block is gone")
    assert ["pays", PAYER] in words
    assert ["earns", EARNER] in words
    assert ["op-a", "123456", "2", "s", "0.500000", "0.002309", "1"] in words
    assert ["open", "transactions", "1"] in words
    assert ["op-a", "7", "2", "deliver", "2", "messages"] in words
    assert [hex_text((await signed(7, fee=9)).hash)] in words


async def test_a_stopped_one_shows_what_its_store_knows_and_where_to_ask_for_the_rest() -> None:
    told = await found(is_running=False)
    lines = shown(told)
    none = shown({**told, "transactions": [], "alarms": []})

    assert any(line.startswith("open transactions       1; those that were included since") for line in lines)
    assert any(line.startswith("ALARM deep-reorg") for line in lines)
    assert ["open", "transactions", "none"] in [line.split() for line in none]
    # Which alarms stand a stopped relayer cannot say.
    assert not any(line.startswith(("alarms", "pays", "earns")) for line in none)
