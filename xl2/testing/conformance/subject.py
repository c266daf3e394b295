"""
Subject: an adapter under test, and what the suite can do to the chains that it speaks with.

Promise: a check uses the chains through `xl2.ports`; only what no user could do (take blocks back, break an endpoint,
let time pass) is asked of the subject. `until` waits on conditions and says what it waited for in vain.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TypeVar

from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.types import Address, Assurance, BlockNumber
from xl2.errors import NotYet, RpcUnavailable
from xl2.ports import Call as CallOf
from xl2.ports import CanonicalBridge, Chain, Prover, Sent, TxReceipt

T = TypeVar("T")


class Broken(AssertionError):
    """A promise of the ports does not hold; the text says which, with the values."""


def expect(holds: bool, promise: str) -> None:
    """Raise `Broken` with the promise unless it holds."""
    if not holds:
        raise Broken(promise)


class Subject(ABC):
    """Two chains, the first by the adapter under test, and levers on them."""

    #: How often a condition is looked at before a check gives up; between two looks `wait` is called.
    patience = 600

    @property
    @abstractmethod
    def home(self) -> Chain:
        """The chain under test: messages are sent here, and their heads shown elsewhere."""

    @property
    @abstractmethod
    def reader(self) -> Chain:
        """A chain that hears of them; it may be of any family."""

    @property
    @abstractmethod
    def provers(self) -> Sequence[Prover]:
        """Provers of the home's logs for the reader: what `Family.provers` gives."""

    @property
    @abstractmethod
    def kinds(self) -> Sequence[str]:
        """Kinds of evidence that the reader has verifiers for: `attested`, `proven`, `routed`, or other words."""

    @abstractmethod
    def why_not(self, kind: str) -> str | None:
        """As `Family.why_not`."""

    @property
    @abstractmethod
    def payer(self) -> Address:
        """Account that `send` and `make` pay from."""

    @abstractmethod
    async def send(self, lane: Lane, payload: bytes) -> Sent:
        """Have a message sent to an account without code, without expiry, and return when it is in a block."""

    @abstractmethod
    async def make(self, call: CallOf) -> TxReceipt:
        """Make a call on whichever chain it names, and return when it is in a block."""

    @abstractmethod
    async def wait(self) -> None:
        """Let a moment pass on all chains: sleep where they run by themselves, make blocks where they do not."""

    def unsafe(self) -> AbstractAsyncContextManager[None]:
        """While it is open, nothing more of the home chain becomes safe: `take_back` takes unsafe blocks."""
        return nullcontext()

    @abstractmethod
    async def take_back(self, block: BlockNumber) -> None:
        """Let this block of the home chain, and all above it, be replaced by others."""

    @abstractmethod
    def outage(self) -> AbstractAsyncContextManager[None]:
        """While it is open, the home chain's endpoint answers nothing."""

    def bridge(self) -> CanonicalBridge:
        """The home chain's own bridge to its anchor, for `Deposits`."""
        raise NotImplementedError("this subject has no bridge to an anchor: leave `Deposits` out of its checks")

    async def lane(self, assurance: Assurance) -> Lane:
        """The lane from home to reader of a class."""
        return await self.home.lane_to(self.reader.chain, assurance)

    async def until(self, look: Callable[[], Awaitable[T]], what: str) -> T:
        """What `look` gives once it does not raise `NotYet` any more."""
        why = "nobody looked"
        for _ in range(self.patience):
            try:
                return await look()
            except (NotYet, RpcUnavailable) as not_yet:
                why = not_yet.what
            await self.wait()
        raise Broken(f"waited in vain for {what}: {why}")

    async def until_final(self, sent: Sent) -> BlockNumber:
        """Wait until a message is in a final block; the newest final block then."""

        async def look() -> BlockNumber:
            final = await self.home.head(Finality.FINALIZED)
            if final.number < sent.place.block:
                raise NotYet(f"newest final block is {final.number}")
            return final.number

        return await self.until(look, f"block {sent.place.block} to be final")
