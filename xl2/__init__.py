"""
xl2: messages and assets from one L2 to another, verified, delivered or refunded by a known time.

`connect` gives a client; everything else here is what it takes or answers. Names are loaded when they are first used,
so that `import xl2` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xl2.app import attester, connect, connect_async, open_key, relayer
    from xl2.config import Config, load
    from xl2.core.lifecycle import State
    from xl2.core.message import Message
    from xl2.core.types import Assurance
    from xl2.errors import Fatal, Refused, Retryable, Xl2Error
    from xl2.plan import Quote
    from xl2.ports import Crossing, CrossingState, Move
    from xl2.sdk import Act, Advanced, AsyncClient, Client, Explanation, Journey, Relayed, Sent, Status, Step
    from xl2.wallet import Approve, Decision, Refuse, Review, StatusEvent, WalletHooks

__all__ = [
    "Act",
    "Advanced",
    "Approve",
    "Assurance",
    "AsyncClient",
    "Client",
    "Config",
    "Crossing",
    "CrossingState",
    "Decision",
    "Explanation",
    "Fatal",
    "Journey",
    "Message",
    "Move",
    "Quote",
    "Refuse",
    "Refused",
    "Relayed",
    "Retryable",
    "Review",
    "Sent",
    "State",
    "Status",
    "StatusEvent",
    "Step",
    "WalletHooks",
    "Xl2Error",
    "attester",
    "connect",
    "connect_async",
    "load",
    "open_key",
    "relayer",
]

_HOMES = {
    "xl2.app": ("attester", "connect", "connect_async", "open_key", "relayer"),
    "xl2.config": ("Config", "load"),
    "xl2.core.lifecycle": ("State",),
    "xl2.core.message": ("Message",),
    "xl2.core.types": ("Assurance",),
    "xl2.errors": ("Fatal", "Refused", "Retryable", "Xl2Error"),
    "xl2.plan": ("Quote",),
    "xl2.ports": ("Crossing", "CrossingState", "Move"),
    "xl2.sdk": (
        "Act",
        "Advanced",
        "AsyncClient",
        "Client",
        "Explanation",
        "Journey",
        "Relayed",
        "Sent",
        "Status",
        "Step",
    ),
    "xl2.wallet": ("Approve", "Decision", "Refuse", "Review", "StatusEvent", "WalletHooks"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load a public name at its first use (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Every public name, loaded or not."""
    return sorted({*globals(), *__all__})
