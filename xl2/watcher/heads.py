"""
Heads: what one chain was shown, against the logs themselves; contradictions out, as one endpoint of each chain has it.

Promise: every head that the reader took for true, up to its newest block, is judged: at once where the log's final
blocks reach so far, else as soon as they do, or as soon as the home's clock says that it ought to be there. A head that
is true is forgotten; one that cannot be judged yet waits. An error of an endpoint judges nothing.
"""

import logging
from collections.abc import Mapping

from attrs import define, field

from xl2.core.evidence import Finality
from xl2.core.types import BlockNumber, ChainId, Hash32, hex_text
from xl2.errors import ProofInvalid, Retryable
from xl2.ports import HeadShown, Log
from xl2.watcher.contradiction import Contradiction
from xl2.watcher.eyes import Eye
from xl2.watcher.facts import At, HeadTaken, LogBroken, LogStands
from xl2.watcher.spans import spans

logger = logging.getLogger(__name__)

#: What a head that was shown says; who said it where says nothing new.
_Said = tuple[Hash32, Hash32, int, int]


@define(kw_only=True)
class HeadWatch:
    """The heads that one reader was shown."""

    reader: Eye
    #: Homes of the logs, by chain.
    homes: Mapping[ChainId, Eye]
    #: Logs that the reader hears of, by their names.
    logs: Mapping[Hash32, Log]
    margin_seconds: int
    _next: BlockNumber = field(default=BlockNumber(0), init=False)
    #: Shown and not judged yet.
    _open: dict[_Said, HeadShown] = field(factory=dict, init=False)
    #: Judged in blocks that will be read again, as they are not final.
    _judged: dict[_Said, BlockNumber] = field(factory=dict, init=False)
    _strangers: set[Hash32] = field(factory=set, init=False)

    async def look(self) -> list[Contradiction]:
        """Read what was shown since, and judge what can be judged."""
        await self._read()
        found, broken = [], None
        for said, shown in list(self._open.items()):
            try:
                contradiction, is_judged = await self._judge(shown)
            except Retryable as later:
                fields = {"chain": self.reader.id, "head": hex_text(shown.head), "cause": later.what}
                logger.info("head cannot be judged yet", extra={"fields": fields})
                continue
            except ProofInvalid as log_broken:
                # One log that an endpoint spoils keeps no other from being judged.
                broken = log_broken
                continue
            if contradiction is not None:
                found.append(contradiction)
            elif is_judged:
                self._judged[said] = self._open.pop(said).place.block
        if broken is not None and not found:
            raise broken
        return found

    async def logs_that_break(self) -> list[Contradiction]:
        """Logs whose events and storage differ at their home's newest final block."""
        found = []
        for log in self.logs.values():
            home = self.homes[log.home]
            at = await home.at(Finality.FINALIZED)
            try:
                await home.log_by(log, at, 0)
            except ProofInvalid:
                found.append(Contradiction(facts=(LogBroken(at=at, log=log),)))
        return found

    async def _read(self) -> None:
        final = (await self.reader.chain.head(Finality.FINALIZED)).number
        newest = (await self.reader.chain.head(Finality.LATEST)).number
        watched = self.reader.chain.watched()
        for first, last in spans(self._next, newest):
            for shown in await watched.heads_shown(first, last):
                said = (shown.log, shown.head, shown.count, shown.verifiers)
                if said not in self._judged and self._is_ours(shown.log):
                    # The last place stands: blocks that are not final may have moved it.
                    self._open[said] = shown
            # What is not final is read again: it may have moved.
            self._next = BlockNumber(max(self._next, min(final, last) + 1))
        self._judged = {said: block for said, block in self._judged.items() if block >= self._next}

    def _is_ours(self, log: Hash32) -> bool:
        if log not in self.logs and log not in self._strangers:
            self._strangers.add(log)
            fields = {"chain": self.reader.id, "log": hex_text(log)}
            logger.warning(
                "a head of a log between contracts that are not configured was shown", extra={"fields": fields}
            )
        return log in self.logs

    async def _judge(self, shown: HeadShown) -> tuple[Contradiction | None, bool]:
        """What it contradicts, and whether that is the last word."""
        log = self.logs[shown.log]
        home = self.homes[log.home]
        block = await self.reader.chain.block(shown.place.block)
        taken = HeadTaken(
            at=At.of(self.reader.id, block, is_final=shown.place.block < self._next),
            tx_hash=shown.place.tx_hash,
            log=log,
            head=shown.head,
            count=shown.count,
            verifiers=shown.verifiers,
            evidence=shown.evidence,
        )
        final = await home.log_by(log, await home.at(Finality.FINALIZED), shown.count)
        if final.head is not None:
            contradiction = self._of(taken, final)
            return contradiction, contradiction is None
        newest = await home.log_by(log, await home.at(Finality.LATEST), shown.count)
        return self._of(taken, newest), False

    def _of(self, taken: HeadTaken, stands: LogStands) -> Contradiction | None:
        contradiction = Contradiction(facts=(taken, stands))
        return contradiction if contradiction.why(self.margin_seconds) else None
