"""
Figures: what is measured, what must be reached, and the files that keep it.

Promise: a figure has one name, in the issue, in the JSON file and in the table. Measuring is left to `gas`.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from attrs import asdict, frozen

RESULTS = Path(__file__).parent / "results"


@frozen(kw_only=True)
class Figure:
    """One measured number."""

    value: float
    unit: str
    #: How it was measured, in one sentence.
    how: str


def figure(value: float, unit: str, how: str) -> Figure:
    """A figure to three places."""
    return Figure(value=round(value, 3), unit=unit, how=how)


@frozen(kw_only=True)
class Goal:
    """What a gas figure is measured against."""

    what: str
    #: A release that needs more gas does not go out.
    must: int | None = None
    #: What the floor prototypes say is possible.
    aim: int | None = None
    #: What others need for the same, on the same anvil.
    peers: str = ""


#: Peers' figures are from a comparison on anvil 1.7.1 with their own bytecode, the same recipient and 32-byte payloads.
GOALS: Mapping[str, Goal] = {
    "send_32": Goal(
        what="send, 32-byte payload, no attribute",
        must=47_500,
        aim=41_000,
        peers="OP L2-to-L2 59,280; Hyperlane 101,334; LayerZero 125,264",
    ),
    "send_32_fee": Goal(what="the same with a fee"),
    "send_attribute_each": Goal(what="each attribute more", must=3_000, aim=2_500),
    "deliver_1_attested": Goal(
        what="1 message, 3-of-5 attested head inline",
        must=90_500,
        aim=79_000,
        peers="Hyperlane 98,411; OP 82,177; LayerZero 217,670",
    ),
    "deliver_1_known": Goal(what="1 message, head already known", must=70_000, aim=60_000),
    "deliver_100_distinct_each": Goal(
        what="batch of 100, distinct recipients, 3-of-5 attestation included",
        must=14_600,
        aim=11_000,
        peers="as single",
    ),
    "deliver_100_same_each": Goal(what="the same, one recipient", must=4_800, aim=3_500, peers="as single"),
    "deliver_500_distinct_each": Goal(what="batch of 500", must=14_000, aim=10_500, peers="as single"),
    "trie_exec_5_7": Goal(
        what="account + storage proof, depth 5 + 7, execution only, strict",
        must=44_000,
        aim=25_000,
        peers="Optimism 345,473; OpenZeppelin 385,474",
    ),
    "settle_100_in_one_each": Goal(
        what="100 deliveries of one batch settled at the origin, per message", must=700, aim=450
    ),
    "settle_100_singles_each": Goal(what="the same as 100 receipts of one message", must=3_500, aim=1_500),
    "transfer_erc20_send": Goal(
        what="ERC-20 sent: lock, finite approval", must=86_500, aim=75_000, peers="Across 63,748"
    ),
    "transfer_erc20_deliver_attested": Goal(
        what="ERC-20 delivered: mint, attested head inline",
        must=121_000,
        aim=105_000,
        peers="Across fill 86,547 (no evidence checked)",
    ),
    "transfer_erc20_deliver_known": Goal(what="the same, head already known", must=100_000, aim=88_000),
}


def missed(figures: Mapping[str, Figure]) -> list[str]:
    """One sentence for each must that is not met."""
    return [
        f"{key} needs {figures[key].value:,.0f} gas; it must not need more than {goal.must:,}"
        for key, goal in GOALS.items()
        if goal.must is not None and figures[key].value > goal.must
    ]


def load(name: str) -> dict[str, Figure]:
    """Committed figures of `results/<name>.json`; none if there is no such file."""
    file = RESULTS / f"{name}.json"
    if not file.is_file():
        return {}
    return {key: Figure(**fields) for key, fields in json.loads(file.read_text(encoding="utf-8")).items()}


def save(name: str, figures: Mapping[str, Figure]) -> None:
    """Write `results/<name>.json`."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({key: asdict(figure) for key, figure in figures.items()}, indent=2)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
