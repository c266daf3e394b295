"""The live picture fits the terminal, says first what is not well, and is one line where none can be drawn."""

import io

from attrs import evolve
from rich.console import Console

from tests.unit.operator.desk_scene import scene
from xl2.cli.live_picture import Frame, Picture, line
from xl2.core.types import ChainId
from xl2.operator.values import AlarmStanding, ChainReading, LaneStanding, Paused

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
LOW = (
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906 has 0 wei (0 ether) on op-a, below relayer.low_balance_wei of "
    "100000000000000000 wei. Send it at least that."
)


def alarm(kind: str = "low-balance", what: str = LOW) -> AlarmStanding:
    return AlarmStanding(
        kind=kind,
        what=what,
        since=5.0,
        lane=None,
        chain=READING.chain,
        endpoint=None,
        ids=(),
        value=None,
        runbook="it.md",
    )


async def frame() -> Frame:
    async with scene(settled=5, attested=2) as at:
        lanes = (await at.desk.lanes()).lanes
        now = at.clock.now()
    return Frame(
        address=READING.account,
        earner=READING.account,
        url="http://127.0.0.1:9100",
        now=now + 60,
        ready=True,
        ill=(),
        lanes=lanes,
        rates={lane.name: (0.5, 1_234.5) for lane in lanes},
        chains=(READING,),
        resting=(),
        alarms=(),
    )


async def crowded() -> Frame:
    """Eight chains with lanes between each two of them, most of them idle, and much that is not well."""
    one = await frame()
    (first, second) = one.lanes
    chains = [901 + place for place in range(8)]
    idle = [
        evolve(first, name=f"{here}-{there}-settled", states={}, pending=0, oldest_pending=None)
        for here in chains
        for there in chains
        if here != there
    ]
    paused = evolve(idle.pop(), paused=Paused(by="ada", since=1.0, why="the attesters are being replaced"))
    lanes: tuple[LaneStanding, ...] = (*idle, paused, first, second)
    return evolve(
        one,
        ready=False,
        earner="0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
        ill=("chain op-b: no endpoint answers. See `xl2 doctor`.",),
        lanes=lanes,
        rates={lane.name: (0.0, 0.0) for lane in lanes},
        chains=tuple(evolve(READING, chain=ChainId(chain), name=f"op-{chain}") for chain in chains),
        resting=(("901-902-settled", "prove", "no endpoint answers"),),
        alarms=(alarm(), alarm("key-in-use", "somebody else signs with 0x90F7...")),
    )


def text(frame: Frame, width: int = 80, height: int = 40) -> str:
    console = Console(file=io.StringIO(), width=width, height=height)
    console.print(Picture(frame))
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
    assert rows["pays,"][1:] == ["earns", READING.account]


async def test_what_is_not_well_is_said_in_full_where_there_is_room() -> None:
    ill = evolve(
        await frame(),
        ready=False,
        ill=("chain op-b: it is down. Look at it.",),
        resting=(("901-902-settled", "prove", "no endpoint answers"),),
        alarms=(alarm(),),
    )

    shown = text(ill, 200)

    assert "NOT READY" in shown
    assert "chain op-b: it is down. Look at it." in shown
    assert "prove 901-902-settled" in shown
    assert "rests: no endpoint answers" in shown
    assert LOW in shown


async def test_at_24_and_at_16_rows_alarms_pauses_and_what_is_not_well_stand_above_all_else() -> None:
    for height in (24, 16):
        lines = text(await crowded(), height=height).splitlines()

        assert len(lines) < height
        assert max(map(len, lines)) <= 80
        starts = (
            "relayer",
            "pays",
            "earns",
            "not well",
            "ALARM low-balance on op-901",
            "ALARM key-in-use on",
            "PAUSED",
        )
        begun = [one for one in lines if not one.startswith(" ")]
        assert [one[: len(start)] for one, start in zip(begun, starts, strict=False)] == list(starts)
        assert "NOT READY" in lines[0]
        below = "\n".join(begun[len(starts) :])
        assert "op-901" in below
        assert "901-902-attested" in below
        assert lines[-1].endswith("more chains")


async def test_lanes_where_nothing_stands_are_one_line_and_what_has_no_room_is_counted() -> None:
    tall, low = text(await crowded(), height=60), text(await crowded(), height=16)

    assert "56 lanes where nothing stands" in tall
    assert tall.count("-settled ") == 1 + 1 + 1  # its row, the one that is paused, the room that rests
    assert "more chains" not in tall
    assert "more lanes with" in low


async def test_more_that_is_wrong_than_there_are_rows_is_counted() -> None:
    many = evolve(await frame(), alarms=tuple(alarm(f"kind-{number}") for number in range(30)))

    lines = text(many, height=16).splitlines()

    assert len(lines) < 16
    assert sum(line.startswith("ALARM") for line in lines) >= 10
    assert "more: `xl2 relayer status` lists them" in "\n".join(lines)


async def test_where_nothing_can_be_drawn_over_one_line_says_the_same() -> None:
    plain = line(evolve(await frame(), alarms=(alarm("fee-cap", "gas is dear"),)))

    assert plain == (
        "ready | 901-902-attested: 2 pending, 1234.5/s | 901-902-settled: 5 pending, 1234.5/s | "
        "ALARM fee-cap: gas is dear"
    )
