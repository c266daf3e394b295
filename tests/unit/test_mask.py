"""No form of a secret passes the mask, and what is no secret passes whole."""

import io
import json
import logging
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import pytest

from xl2 import log, mask
from xl2.mask import MASK, masked

KEY = "0x" + "abcdef0123456789" * 4
PASSWORD = 'p@ss/wörd "of" 100%'
RPC = "https://me:rpc-pass%21word@node.example:8545/v3/0123456789abcdefABCDEF?apikey=query-key-1234#frag-ment-99"
DATABASE = "postgresql://xl2:db-pass-77@db.example/messages?sslmode=require"


@pytest.fixture(autouse=True)
def _secrets() -> Iterator[None]:
    mask.begin((KEY, PASSWORD, RPC, DATABASE, "abc", ""))
    yield
    mask.begin()


@pytest.mark.parametrize(
    "form",
    [
        KEY,
        KEY[2:],
        KEY.upper(),
        KEY[2:].upper(),
        str(int(KEY, 16)),
        b64encode(bytes.fromhex(KEY[2:])).decode(),
        PASSWORD,
        quote(PASSWORD),
        quote(PASSWORD, safe=""),
        quote(PASSWORD, safe="").lower(),
        quote_plus(PASSWORD),
        json.dumps(PASSWORD)[1:-1],
        repr(PASSWORD)[1:-1],
        b64encode(PASSWORD.encode()).decode(),
        "rpc-pass!word",
        "rpc-pass%21word",
        b64encode(b"me:rpc-pass!word").decode(),
        "0123456789abcdefABCDEF",
        "query-key-1234",
        "db-pass-77",
    ],
)
@pytest.mark.parametrize("around", ["{}", "before{}after", "url=https://x.example/{}/y?z={}", "a: {!r}", "({})"])
def test_a_secret_shows_in_no_form(form: str, around: str) -> None:
    said = masked(around.replace("{}", form).replace("{!r}", repr(form)))

    assert form.lower().rstrip("=") not in said.lower()


@pytest.mark.parametrize("url", [RPC, DATABASE, "wss://other:secret@host.example/path/key?x=1"])
def test_of_a_url_the_host_alone_is_shown(url: str) -> None:
    said = masked(f"asked {url} twice")

    assert said.startswith("asked ")
    assert said.endswith(" twice")
    assert ".example" in said
    for part in ("pass", "secret", "key", "v3", "me:"):
        assert part not in said


@pytest.mark.parametrize(
    "text",
    [
        "abc, a word of three letters that somebody called a secret",
        "endpoint http://127.0.0.1:8545 did not answer",
        "db.example and node.example:8545 are hosts, messages a table",
        "0x" + "12" * 32,
        "",
    ],
)
def test_what_is_no_secret_passes_whole(text: str) -> None:
    assert masked(text) == text


def test_a_secret_that_contains_another_is_masked_whole() -> None:
    mask.hide("inner-secret", "outer-inner-secret-outer")

    assert masked("outer-inner-secret-outer") == MASK


def test_what_was_told_before_a_beginning_is_forgotten() -> None:
    mask.begin(("another",))

    assert masked(f"{PASSWORD} another") == f"{PASSWORD} {MASK}"


def fail() -> None:
    raise ValueError(f"{RPC} refused {PASSWORD}") from KeyError(DATABASE)


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_line_of_log_shows_one_in_event_field_key_or_traceback(form: str) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    log.configure(level="INFO", form=form, secrets=(KEY, RPC, DATABASE), stream=out)
    mask.hide(PASSWORD)
    try:
        logging.getLogger("xl2.test").info("%s in the event", KEY, extra={"fields": {"note": PASSWORD, KEY[2:]: 1}})
        try:
            fail()
        except ValueError:
            logging.getLogger("aiohttp").exception("others log too: %s", {"deep": [KEY]})
        with log.bound(note=PASSWORD):
            logging.getLogger("xl2.test").warning("bound", extra={"fields": {"deep": {KEY: {PASSWORD}}}})
    finally:
        root.handlers[:], root.level = handlers, level

    said = out.getvalue()
    assert said.count("in the event") == 1
    assert "Traceback" in said
    for secret in (KEY[2:], "pass%21word", "apikey", "0123456789abcdefABCDEF", "db-pass-77", "p@ss"):
        assert secret not in said
