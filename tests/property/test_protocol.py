"""The protocol keeps its promises whatever is called, and each of its rules is needed for that."""

import re
from pathlib import Path
from typing import Any

import pytest
from attrs import fields
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.promises import Promises
from tests.property.protocol_model import Rules

TestPromises = Promises.TestCase
TestPromises.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)

#: Enough to find each break below, from a fixed start: the search is the same on every run.
SEARCH = settings(
    max_examples=1500,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
#: Starts from which the search is short, for breaks that are found late from its own.
STARTS = {
    "heads_are_of_final_blocks": 20,
    "inbox_is_closed_while_a_recipient_runs": 3,
    "settled_takes_no_top_up": 23,
}


RULES = [field.name for field in fields(Rules)]
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "promises.md"


def test_the_docs_name_each_rule_and_no_other() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE) == RULES


@pytest.mark.parametrize("rule", RULES)
def test_without_one_of_its_rules_the_protocol_breaks_a_promise(rule: str) -> None:
    without: dict[str, Any] = {rule: False}
    broken = type("Broken", (Promises,), {"protocol": Rules(**without)})
    if rule in STARTS:
        broken = seed(STARTS[rule])(broken)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(broken, settings=SEARCH)
