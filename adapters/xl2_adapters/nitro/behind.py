"""
Behind: which message of L1 a transaction of a Nitro chain is about.

Comes in: a transaction that made a ticket, tried it, kept it alive or gave it up. Goes out: the ticket, as L1's inbox
was told of it. Promise: a ticket is found by its id among what L1 holds, never by what the chain's node says of it.
L1 is searched for a day before the ticket came to be: later than that, anybody can force a message in.
"""

from attrs import frozen

from xl2.core.evidence import Finality
from xl2.core.types import BlockNumber, Hash32, Timestamp
from xl2_adapters.evm import Evm
from xl2_adapters.nitro.inbox import Inbox, InboxMessage
from xl2_adapters.nitro.precompiles import CANCELED, LIFETIME_EXTENDED, REDEEM_SCHEDULED, RETRYABLES, TICKET_CREATED
from xl2_adapters.tx_logs import Included

_ABOUT_TICKETS = tuple(one.topic for one in (TICKET_CREATED, REDEEM_SCHEDULED, LIFETIME_EXTENDED, CANCELED))
#: EIP-2718 types: deposit of ether, submission of a ticket; and of the devnet, for both.
_FROM_L1 = (0x64, 0x69, 0x7E)
_LOOK_BACK_SECONDS = 86_400
#: Clocks of the two chains may differ by so much.
_CLOCK_SKEW_SECONDS = 3_600


@frozen(kw_only=True)
class Behind:
    """Messages behind transactions of one chain."""

    rollup: Evm
    inbox: Inbox

    async def messages(self, transaction: Included) -> list[InboxMessage]:
        """Messages of the tickets that a transaction of the chain is about, and of the deposit that it is."""
        named = [
            Hash32(one.log.topics[1])
            for one in transaction.logs
            if one.contract == RETRYABLES and len(one.log.topics) > 1 and one.log.topics[0] in _ABOUT_TICKETS
        ]
        # What L1 put in by itself is known on the chain by the very name that L1's message gives it.
        itself = [transaction.tx_hash] if transaction.kind in _FROM_L1 else []
        wanted = dict.fromkeys([*itself, *named])
        return [found for one in wanted if (found := await self._message(one)) is not None]

    async def _message(self, ticket_id: Hash32) -> InboxMessage | None:
        made = await self.rollup.tx_receipt(ticket_id)
        if made is None:
            return None
        since = (await self.rollup.block(made.block)).timestamp
        first = await self._block_at(Timestamp(since - _LOOK_BACK_SECONDS))
        last = await self._block_at(Timestamp(since + _CLOCK_SKEW_SECONDS))
        found = await self.inbox.messages(first, last)
        return next((one for one in found if one.content.id == ticket_id), None)

    async def _block_at(self, time: Timestamp) -> BlockNumber:
        """First block of L1 that is not older than a time, or its tip; by halving."""
        low, high = 0, int((await self.inbox.l1.head(Finality.LATEST)).number)
        while low < high:
            middle = (low + high) // 2
            if (await self.inbox.l1.block(BlockNumber(middle))).timestamp < time:
                low = middle + 1
            else:
                high = middle
        return BlockNumber(low)
