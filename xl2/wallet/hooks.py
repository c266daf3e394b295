"""
Hooks: where a wallet, a policy or a person comes in.

In: a `Review` before each signature, a `StatusEvent` whenever something becomes known afterwards. Out: a decision.
Promise: what is not explicitly approved is refused. Calling the hooks at the right time is left to `gate` and the SDK.
"""

from typing import Protocol

from attrs import field, frozen

from xl2.core.types import ChainId, Hash32, MessageId, Timestamp
from xl2.errors import InvalidInput
from xl2.wallet.review import Review


@frozen
class Approve:
    """Sign it."""


@frozen
class Refuse:
    """Do not sign; `reason` is told to whoever asked."""

    reason: str = field()

    @reason.validator
    def _has_words(self, _attribute: object, value: str) -> None:
        if not value.strip():
            raise InvalidInput("a refusal without a reason helps nobody", field="reason", value=value)


Decision = Approve | Refuse


@frozen(kw_only=True)
class StatusEvent:
    """Something became known about a transaction or a message."""

    #: `included` of a transaction; else the state that a message has reached (`observed`, `delivered`, ...).
    stage: str
    chain_id: ChainId
    #: Set once the message has an id.
    message_id: MessageId | None = None
    tx_hash: Hash32 | None = None
    #: On the clock of the chain where it happened.
    at: Timestamp | None = None


class WalletHooks(Protocol):
    """
    Subclass it and override what you need; each method is optional and async.

    The defaults approve everything and listen to nothing, which is right for a program that signs with its own key.
    """

    async def on_review(self, review: Review) -> Decision:
        """Decide over one transaction before it is signed. Anything but `Approve()` refuses it."""
        del review
        return Approve()

    async def on_status(self, event: StatusEvent) -> None:
        """Hear what became of it. What this raises ends the call that was being made; the chains go on."""
        del event


class Unattended(WalletHooks):
    """The defaults: for programs that decide elsewhere what they sign."""
