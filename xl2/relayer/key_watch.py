"""
Key watch: a signer in, the same signer out, of which a person hears when it is lost and when it is back.

Promise: signing does what it did; a lost key is alarmed once, and until it is back everything that needs no signature
goes on, because `KeyLost` is `Retryable`: rooms rest over it and try again. Where nobody reviews, a signer that says no
says it of the key, not of the message: that is a lost key too.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from attrs import define, field

from xl2.core.types import Address, checksum
from xl2.errors import KeyLost, NotAccepted, WrongSignature, Xl2Error
from xl2.flow.alarms import Alarms
from xl2.ports import Alarm, AlarmKind, OpenedLater, SignedTransaction, Signer, Transaction

T = TypeVar("T")

log = logging.getLogger(__name__)


@define(kw_only=True)
class WatchedSigner:
    """A signer that is watched. Implements `xl2.ports.Signer`."""

    inner: Signer
    #: Its name under `keys` of the configuration.
    key: str
    alarms: Alarms = field(repr=False)
    _lost: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        """Who is to hear of a key that is not there hears it now, and not when it is first needed."""
        if isinstance(self.inner, OpenedLater) and (lost := self.inner.not_opened):
            self._tell(lost)

    @property
    def address(self) -> Address:
        """Account of the key."""
        return self.inner.address

    async def sign_transaction(self, transaction: Transaction, what: str) -> SignedTransaction:
        """Sign. Raises `KeyLost` also where the signer says no."""
        return await self._watched(lambda: self.inner.sign_transaction(transaction, what))

    async def sign_hash_of(self, preimage: bytes) -> bytes:
        """Sign. Raises `KeyLost` also where the signer says no."""
        return await self._watched(lambda: self.inner.sign_hash_of(preimage))

    async def _watched(self, sign: Callable[[], Awaitable[T]]) -> T:
        try:
            signed = await sign()
        except (KeyLost, WrongSignature) as lost:
            self._tell(lost)
            raise
        except NotAccepted as refused:
            self._tell(refused)
            raise KeyLost(refused.what, key=self.key, remedy=refused.remedy) from refused
        if self._lost:
            self._lost = False
            self.alarms.well(AlarmKind.KEY_LOST)
            log.info("key is back", extra={"fields": {"key": self.key, "account": checksum(self.address)}})
        return signed

    def _tell(self, lost: Xl2Error) -> None:
        self._lost = True
        what = f"nothing can be signed as {checksum(self.address)}: {lost.what}. {lost.remedy}"
        self.alarms.tell(AlarmKind.KEY_LOST, Alarm(kind=AlarmKind.KEY_LOST, what=what))
