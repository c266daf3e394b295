"""App: the one place where parts are put together: `parts`, `keys`, `clients`, `relaying`, `watching`, `doctor`."""

from xl2.app.attesting import attester
from xl2.app.clients import connect, connect_async
from xl2.app.keys import open_key
from xl2.app.relaying import relayer

__all__ = ["attester", "connect", "connect_async", "open_key", "relayer"]
