"""The live picture fits into eighty columns, says what is not well, and is one line where none can be drawn."""

import io

from attrs import evolve
from rich.console import Console

from tests.unit.operator.desk_scene import scene
from xl2.cli.relayer_live import Frame, drawn, line
from xl2.core.types import ChainId
from xl2.operator.values import ChainReading

READING = ChainReading(
    chain=ChainId(901),
    name="op-a",
    account="0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    heads={"latest": 123_456, "finalized": 123_400},
    head_age_seconds=2.0,
    balance=1_500_000_000_000_000_000,
    earner="0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    earner_balance=1_500_000_000_000_000_000,
    claimable=0,
    open_nonces=3,
)


async def frame() -> Frame:
    async with scene(settled=5, attested=2) as at:
        lanes = (await at.desk.lanes()).lanes
        now = at.clock.now()
    return Frame(
        address=READING.account,
        url="http://127.0.0.1:9100",
        now=now + 60,
        ready=True,
        ill=(),
        lanes=lanes,
        rates={lane.name: (0.5, 1_234.5) for lane in lanes},
        chains=(("op-a", READING),),
        resting=(),
        alarms=(),
    )


def text(frame: Frame, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(drawn(frame))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


async def test_lanes_and_chains_stand_in_eighty_columns_with_all_their_numbers() -> None:
    shown = text(await frame())

    assert max(map(len, shown.splitlines())) <= 80
    rows = {line.split()[0]: line.split() for line in shown.splitlines() if line.split()}
    assert "1234.5" in shown
    assert "60 s" in shown
    assert rows["op-a"][-4:] == ["s", "1.500000", "0.000000", "3"]
    assert "no alarms" in shown


async def test_what_is_not_well_is_said() -> None:
    ill = evolve(
        await frame(),
        ready=False,
        ill=("chain op-b: it is down. Look at it.",),
        resting=(("901-902-settled", "prove", "no endpoint answers"),),
        alarms=((5.0, "fee-cap", "gas is dear"),),
    )

    shown = text(ill, 120)

    assert "NOT READY" in shown
    assert "chain op-b: it is down. Look at it." in shown
    assert "prove 901-902-settled" in shown
    assert "rests: no endpoint answers" in shown
    assert "fee-cap: gas is dear" in shown


async def test_where_nothing_can_be_drawn_over_one_line_says_the_same() -> None:
    plain = line(evolve(await frame(), alarms=((5.0, "fee-cap", "gas is dear"),)))

    assert plain == (
        "ready | 901-902-attested: 2 pending, 1234.5/s | 901-902-settled: 5 pending, 1234.5/s | "
        "ALARM fee-cap: gas is dear"
    )
