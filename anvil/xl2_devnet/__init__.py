"""
The devnet: an L1 and L2s on anvil, with the rollups' own contracts, true roots and true proofs.

```python
with running(Options(l2=("op", "op"))) as devnet:      # or, inside an event loop: async with up(...) as devnet
    print(devnet.chain("op-a").rpc_url)
```
Names load on first use, so that `xl2 --help`, which lists the devnet's verbs, stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xl2_devnet.clocks import BRISK, Clocks
    from xl2_devnet.devnet import running, up
    from xl2_devnet.devnet_file import Description, read
    from xl2_devnet.options import Options

__all__ = ["BRISK", "Clocks", "Description", "Options", "read", "running", "up"]

_HOMES = {
    "BRISK": "clocks",
    "Clocks": "clocks",
    "Description": "devnet_file",
    "Options": "options",
    "read": "devnet_file",
    "running": "devnet",
    "up": "devnet",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
