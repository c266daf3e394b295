"""The gate: no order without the token, no request for another host, no public address without a token of its own."""

import stat
from pathlib import Path

import pytest

from xl2.config.listen import host_and_port
from xl2.errors import ConfigInvalid, InvalidInput
from xl2.operator.gate import Gate, Unauthorized, WrongHost, gate_for, token_for

TOKEN = "a token of the operator"


def gate() -> Gate:
    return gate_for("127.0.0.1", TOKEN, ["relayer.example"])


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9100", "localhost", "LOCALHOST:1", "[::1]:9100", "127.0.0.1", "relayer.example:80"]
)
def test_requests_by_our_own_names_are_let_in(host: str) -> None:
    gate().admit(host)


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example:9100", "[::2]:9100", "10.0.0.1:9100"])
def test_a_name_that_was_rebound_to_us_is_refused(host: str) -> None:
    with pytest.raises(WrongHost):
        gate().admit(host)


@pytest.mark.parametrize(
    "header",
    [None, "", TOKEN, f"Basic {TOKEN}", "Bearer ", "Bearer other", f"Bearer {TOKEN}x", "Bearer ä", "Bearer \udcff"],
)
def test_an_order_without_the_very_token_is_refused(header: str | None) -> None:
    with pytest.raises(Unauthorized) as refused:
        gate().authorize(header)

    assert TOKEN not in str(refused.value) + refused.value.remedy


def test_the_token_opens_and_does_not_show() -> None:
    gate().authorize(f"Bearer {TOKEN}")
    gate().authorize(f"bearer {TOKEN}")

    assert TOKEN not in repr(gate())


def test_a_token_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "store.token"

    made = token_for("127.0.0.1", "", file)

    assert len(made) >= 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token_for("127.0.0.1", "", file) == made


def test_a_token_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "store.token"
    token_for("127.0.0.1", "", file)
    file.chmod(0o644)

    with pytest.raises(ConfigInvalid, match="others may read the token"):
        token_for("127.0.0.1", "", file)


def test_a_configured_token_is_taken_and_no_file_is_made(tmp_path: Path) -> None:
    assert token_for("10.0.0.1", TOKEN, tmp_path / "token") == TOKEN
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "relayer.example"])  # noqa: S104 - this is what is refused
def test_a_public_address_needs_a_token_of_the_configuration(host: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="others can reach") as refused:
        token_for(host, "", tmp_path / "token")

    assert "XL2_RELAYER__TOKEN" in refused.value.remedy
    assert not list(tmp_path.iterdir())


def test_a_short_token_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="too few") as refused:
        token_for("127.0.0.1", "secret", tmp_path / "token")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("listen", ["127.0.0.1", ":80", "host:", "host:x", "host:70000", "host:٣"])
def test_an_address_has_a_host_and_a_port(listen: str) -> None:
    with pytest.raises(InvalidInput, match="is not HOST:PORT"):
        host_and_port(listen)


def test_addresses_of_six_bytes_words_stand_in_brackets() -> None:
    assert host_and_port("[::1]:0") == ("::1", 0)
