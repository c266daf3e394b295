"""
Points: every side effect of the relayer's pipeline by name, each a place to be killed just before and just after.

Promise: a point is one call of a port (the store, the wallet, the chain), so product code knows nothing of it; a point
that is never reached fails its test. `POINTS` is the whole list; how a process dies at one is `doomed`'s.
"""

from collections.abc import Callable, Iterable
from typing import Any

from attrs import frozen

from xl2.core.lifecycle import Event

BEFORE, AFTER = "before", "after"
#: Class by port, and where it is; those that are not there yet, or not installed, are passed over.
PORTS = {
    "store": ("xl2.store.sqlite:SqliteStore", "xl2.store.postgres:PostgresStore"),
    "wallet": ("xl2.wallet:Gate",),
    "chain": ("xl2_adapters.evm:Evm",),
}


@frozen(kw_only=True)
class Point:
    """A side effect: calls of a port's method whose arguments are like this."""

    port: str
    method: str
    #: Of the arguments, and of the words of the transaction that is spoken of where there is one.
    matches: Callable[[tuple[Any, ...], str], bool] = lambda _arguments, _words: True


def _some(place: int) -> Callable[[tuple[Any, ...], str], bool]:
    """Calls whose argument at a place holds anything."""
    return lambda arguments, _words: bool(arguments[place])


def _event(event: Event) -> Callable[[tuple[Any, ...], str], bool]:
    """Calls of `happen` in which this happens."""
    return lambda arguments, _words: any(one.event is event for one in _list(arguments[0]))


def _for(start: str) -> Callable[[tuple[Any, ...], str], bool]:
    """Calls about a transaction whose words begin like this."""
    return lambda _arguments, words: words.startswith(start)


def _named(start: str) -> Callable[[tuple[Any, ...], str], bool]:
    """Calls about leases whose names begin like this."""
    return lambda arguments, _words: any(name.startswith(start) for name in arguments[0])


def _list(found: Any) -> Iterable[Any]:
    return found if isinstance(found, Iterable) else ()


POINTS: dict[str, Point] = {
    "messages are observed": Point(port="store", method="observe", matches=_some(1)),
    "receipts are observed": Point(port="store", method="observe_receipts", matches=_some(1)),
    "a head was shown": Point(port="store", method="happen", matches=_event(Event.HEAD_SHOWN)),
    "evidence went with the process": Point(port="store", method="happen", matches=_event(Event.HEAD_LOST)),
    "a delivery is noted": Point(port="store", method="happen", matches=_event(Event.DELIVERY)),
    "a failure is noted": Point(port="store", method="happen", matches=_event(Event.FAILURE)),
    "a delivery is final": Point(port="store", method="happen", matches=_event(Event.DESTINATION_FINAL)),
    "an expiry has passed": Point(port="store", method="happen", matches=_event(Event.EXPIRY_PASSED)),
    "an expiry is noted": Point(port="store", method="happen", matches=_event(Event.EXPIRY_RECORDED)),
    "a settlement is noted": Point(port="store", method="happen", matches=_event(Event.SETTLEMENT)),
    "settled entries are marked": Point(port="store", method="mark_settled"),
    "a message waits": Point(port="store", method="wait", matches=_some(0)),
    "a message is postponed": Point(port="store", method="postpone", matches=_some(0)),
    "a nonce is given up": Point(port="store", method="void"),
    "its key is leased": Point(port="store", method="lease", matches=_named("signer:")),
    "a lane is leased": Point(port="store", method="lease", matches=_named("lane:")),
    "leases are let go": Point(port="store", method="release"),
    **{
        f"a transaction is {deed}: {what}": Point(port=port, method=method, matches=_for(what))
        for what in ("deliver", "retry", "expire", "settle", "claim")
        for deed, port, method in (
            ("signed", "wallet", "sign_transaction"),
            ("journalled", "store", "keep"),
            ("broadcast", "chain", "broadcast"),
            ("included", "store", "included"),
        )
    },
}
