"""
App: the one place where parts are put together.

Read `parts` (of `families`, `attesters`, `sending`), then who uses them: `clients`, `relaying`, `attesting`,
`watching`, `operating`, `doctor`. Keys are opened in `keys`; what other distributions bring is found by `installed`.
"""

from xl2.app.attesting import attester
from xl2.app.clients import connect, connect_async
from xl2.app.keys import open_key
from xl2.app.relaying import relayer

__all__ = ["attester", "connect", "connect_async", "open_key", "relayer"]
