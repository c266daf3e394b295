"""Lines of log: events and fields, one life of a message by one word, and no secret anywhere."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from xl2 import log

KEY = "0x" + "ab" * 32


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def line(event: str, /, *, secrets: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    out = io.StringIO()
    log.configure(level="INFO", form="json", secrets=secrets, stream=out)
    logging.getLogger("xl2.test").info(event, extra={"fields": fields})
    return dict(json.loads(out.getvalue()))


def test_a_line_is_an_event_with_its_fields_level_logger_and_time() -> None:
    said = line("delivered", gas_used=90_500, tx_hash=b"\x01\x02")

    assert (said["event"], said["gas_used"], said["tx_hash"]) == ("delivered", 90_500, "0x0102")
    assert (said["level"], said["logger"]) == ("info", "xl2.test")
    assert said["timestamp"].endswith("Z")


def test_what_is_bound_rides_on_every_line_within() -> None:
    with log.bound(message_id="0x12", lane="901>902"):
        within = line("observed")
    without = line("observed")

    assert (within["message_id"], within["lane"]) == ("0x12", "901>902")
    assert "message_id" not in without


@pytest.mark.parametrize("name", ["private_key", "api_key", "password", "authorization", "token", "user_key"])
def test_what_stands_under_a_telling_name_is_masked(name: str) -> None:
    fields: dict[str, Any] = {name: "open sesame"}

    assert line("asked", **fields)[name] == log.MASK


def test_a_secret_of_the_configuration_is_masked_wherever_it_stands() -> None:
    said = line(
        "asked", secrets=(KEY,), note=f"with {KEY}", deep={"inner": [f"x{KEY[2:]}y"]}, raw=bytes.fromhex(KEY[2:])
    )

    assert KEY[2:] not in json.dumps(said)
    assert said["note"] == f"with {log.MASK}"


def test_urls_are_logged_without_user_path_or_key() -> None:
    said = line("asked", cause="https://me:pw@node.example/v3/0123456789?key=1 did not answer")

    assert said["cause"] == "https://node.example did not answer"


def test_a_field_never_replaces_the_event() -> None:
    assert line("delivered", event="forged", level="forged")["event"] == "delivered"


def test_people_get_lines_too() -> None:
    out = io.StringIO()
    log.configure(level="WARNING", form="console", stream=out)

    logging.getLogger("xl2.test").info("quiet")
    logging.getLogger("xl2.test").warning("loud", extra={"fields": {"lane": "901>902"}})

    assert "quiet" not in out.getvalue()
    assert "loud" in out.getvalue()
    assert "901>902" in out.getvalue()
