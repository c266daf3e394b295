"""App: the one place where parts are put together. Read `parts`, `clients`, `daemons`, `doctor`."""

from xl2.app.clients import connect, connect_async
from xl2.app.daemons import attester, relayer

__all__ = ["attester", "connect", "connect_async", "relayer"]
