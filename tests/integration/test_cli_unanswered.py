"""The command line where somebody does not answer: one message to a person, and nobody is asked in vain again."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.program import xl2
from xl2.app.doctor import doctor
from xl2.listening import listening

CHAINS = {"l1": 900, "a": 901, "b": 902}
#: Nobody listens there: it takes root to.
AWAY = "postgresql://xl2:sesame@127.0.0.1:1/xl2"


def write_config(folder: Path, rpc_url: str, *more: str) -> Path:
    """Two rollups over an L1, each chain behind a path of its own, and a key for a relayer."""
    lines = []
    for name, chain in CHAINS.items():
        lines += [f"[chains.{name}]", f"chain_id = {chain}", f'rpc_url = "{rpc_url}/{name}"']
        lines += [] if name == "l1" else ['family = "op"', 'anchor = "l1"', f"[chains.{name}.contracts]"]
        lines += (
            ['family = "l1"'] if name == "l1" else [f'{one} = "0x{"10" * 20}"' for one in ("outbox", "inbox", "heads")]
        )
    lines += ["[keys]", f'relayer = "0x{"0b" * 32}"']
    file = folder / "xl2.toml"
    file.write_text("\n".join([*lines, *more]), "utf-8")
    return file


@pytest.mark.parametrize(
    "words", [("status",), ("messages",), ("pause", "901-902-settled")], ids=lambda words: words[0]
)
def test_a_database_that_is_away_is_told_in_one_message(tmp_path: Path, words: tuple[str, ...]) -> None:
    write_config(tmp_path, "http://127.0.0.1:1", "[relayer]", f'store = "{AWAY}"')

    ran = xl2(tmp_path, "relayer", *words)

    assert (ran.returncode, ran.stdout) == (4, "")
    what, remedy = ran.stderr.splitlines()
    assert what.startswith("xl2: the store postgresql://127.0.0.1:1")
    assert "is it up" in remedy


def test_a_database_that_is_away_is_one_json_value_and_nothing_beside_it(tmp_path: Path) -> None:
    write_config(tmp_path, "http://127.0.0.1:1", "[relayer]", f'store = "{AWAY}"')

    ran = xl2(tmp_path, "relayer", "status", "--json")

    assert (ran.returncode, ran.stderr) == (4, "")
    assert json.loads(ran.stdout)["error"]["code"] == "StoreUnavailable"


@pytest.fixture
async def asked() -> Counter[str]:
    """Requests, by the chain that was asked."""
    return Counter()


@pytest.fixture
async def refusing(asked: Counter[str]) -> AsyncIterator[str]:
    """Endpoints that know nobody, which no repeating mends."""

    async def answer(request: web.Request) -> web.Response:
        asked[request.path.strip("/")] += 1
        return web.Response(status=404)

    app = web.Application()
    app.router.add_post("/{chain}", answer)
    async with listening(app, host="127.0.0.1", port=0, setting="test") as bound:
        yield bound.url


async def test_the_doctor_asks_an_endpoint_that_does_not_answer_nothing_more(
    tmp_path: Path, refusing: str, asked: Counter[str]
) -> None:
    found = await doctor(write_config(tmp_path, refusing))

    checks = {one.what: one for one in found.checks}
    assert asked == dict.fromkeys(CHAINS, 1)
    assert all("HTTP 404" in checks[f"{name}: endpoint"].said for name in CHAINS)
    assert checks["relayer: store"].ok
    assert checks["relayer: lanes"].said == "not looked at, as a, b cannot be asked"
    assert [what for what in checks if "balance" in what or "clock" in what] == []
