"""
Testing: in-memory chains, provers, keys and clocks that implement the ports, for us and for users' own tests.

```python
world = World()                                   # chains 901 and 902, linked
origin, destination = world.chain(901), world.chain(902)
sent = await origin.put(world.lane(901, 902))     # a message in a new block
origin.mine(2)                                    # and that block is final
```

No socket, no clock of the machine, nothing random: the same calls give the same hashes.
"""

from xl2.testing.chain import MemoryChain
from xl2.testing.clock import ManualClock
from xl2.testing.keys import MemorySigner
from xl2.testing.provers import MemoryProver
from xl2.testing.world import World

__all__ = ["ManualClock", "MemoryChain", "MemoryProver", "MemorySigner", "World"]
