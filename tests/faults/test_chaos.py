"""A seeded mix of faults: a short run each time, a long one by `make soak` and `make chaos`."""

from pathlib import Path

from tests.faults.chaos import run


async def test_sixty_messages_end_once_through_a_mix_of_faults(tmp_path: Path) -> None:
    told: list[str] = []

    verdict = await run(tmp_path, seed=4, messages=60, say=told.append)

    assert verdict.messages == 60
    assert verdict.faults == 6
    assert told[0] == "chaos: seed 4, 60 messages"
