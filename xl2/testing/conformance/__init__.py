"""
Conformance: what every adapter must do, ours and a third party's, as tests that pytest collects.

```python
class TestMyChain(Conformance):
    @pytest.fixture
    async def subject(self) -> AsyncIterator[Subject]:
        async with my_subject() as made:      # a `Subject`: how to send, to wait, to break things
            yield made
```

Promise: the checks speak through `xl2.ports` alone, so they cannot know whose adapter it is; what a contract holds of
evidence is asked of the contract itself. Each check says, when it fails, which promise was broken with which values. A
chain that lacks something for good (no bridge of its own) names the checks that it takes, instead of `Conformance`:
`class TestMyChain(Observing, FinalityLevels, Evidence, Reorgs, Outages, Health)`. See docs/how-to/add-your-chain.md.
"""

from xl2.testing.conformance.deposits import Deposits
from xl2.testing.conformance.evidence import Evidence
from xl2.testing.conformance.finality import FinalityLevels
from xl2.testing.conformance.health import Health
from xl2.testing.conformance.observing import Observing
from xl2.testing.conformance.outages import Outages
from xl2.testing.conformance.reorgs import Reorgs
from xl2.testing.conformance.subject import Broken, Subject


class Conformance(Observing, FinalityLevels, Evidence, Deposits, Reorgs, Outages, Health):
    """All checks."""


__all__ = [
    "Broken",
    "Conformance",
    "Deposits",
    "Evidence",
    "FinalityLevels",
    "Health",
    "Observing",
    "Outages",
    "Reorgs",
    "Subject",
]
