"""`xl2 chains` shows every known network, and of one all that is known with its sources."""

import json

import pytest
from click.testing import CliRunner

from xl2.cli.program import xl2 as program
from xl2.errors import NotFound
from xl2.networks import networks


def test_every_known_network_is_listed() -> None:
    shown = CliRunner().invoke(program, ["chains"]).stdout

    assert all(f" {name} " in shown for name in networks())


@pytest.mark.parametrize("name", networks())
def test_a_network_is_shown_with_every_contract_and_source(name: str) -> None:
    told = json.loads(CliRunner().invoke(program, ["chains", name, "--json"]).stdout)
    drawn = CliRunner().invoke(program, ["chains", name]).stdout

    assert told["chain_id"] == networks()[name].chain_id
    assert all(contract in drawn for contract in (*told["rollup"].values(), *told["predeploys"].values()))
    assert all(source["of"] in drawn for source in told["sources"])


def test_an_unknown_network_is_refused() -> None:
    refused = CliRunner().invoke(program, ["chains", "atlantis"])

    assert isinstance(refused.exception, NotFound)
