"""
Newest logs: a contract's logs from a block on downwards, page by page, for who needs only the last few.

Comes in: contract, topics, a range. Goes out: its logs, newest first. Promise: no page is asked for before somebody
wants it, and none that is further back than `LOOK_BACK_BLOCKS`: a chain with ten million blocks is asked for a page
where its contract is used, and for a few hundred where it is not.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from xl2.core.types import Address, BlockNumber
from xl2_adapters.evm import Evm, Log

#: A week of blocks of a second.
LOOK_BACK_BLOCKS: Final = 604_800
#: As many as public endpoints answer for at once.
_PAGE: Final = 2_000


async def newest_logs(
    evm: Evm, contract: Address, topics: Sequence[Sequence[bytes] | None], first: BlockNumber, last: BlockNumber
) -> AsyncIterator[Log]:
    """Logs of a range, newest first. Raises as `Evm.logs`."""
    lowest, end = max(int(first), last - LOOK_BACK_BLOCKS), int(last)
    while end >= lowest:
        start = max(lowest, end - _PAGE + 1)
        for log in reversed(await evm.logs(contract, topics, BlockNumber(start), BlockNumber(end))):
            yield log
        end = start - 1
