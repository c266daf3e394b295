"""App: the one place where parts are put together. Read `parts`, `clients`, `relaying`, `attesting`, `doctor`."""

from xl2.app.attesting import attester
from xl2.app.clients import connect, connect_async
from xl2.app.relaying import relayer

__all__ = ["attester", "connect", "connect_async", "relayer"]
