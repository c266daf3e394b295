"""
Leases: the lanes of a configuration, split evenly between the daemons that share a store, and the keys that are ours.

Comes in: lanes, accounts, a store. Goes out: `carry` and `drop` of the pipeline. Promise: a lane is carried only while
its lease is ours, and none stays uncarried while a daemon lives: a dead one's lanes are taken when their leases end, a
new one gets its share. Two daemons with one account on a chain would spend each other's nonces, so the second is
refused with the reason. What was signed by an account is finished by whoever has its key next; the messages in it are
proven anew by whoever has the lane, and the inbox takes each once. That a stale owner writes nothing is the store's.
"""

import asyncio
import logging
import os
import platform
import secrets
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

from attrs import define, field, frozen, validators

from xl2.core.lane import Lane
from xl2.core.types import Address, ChainId, checksum
from xl2.errors import ConfigInvalid, Retryable
from xl2.ports import LANE_LEASES, LONGEST_LEASE_SECONDS, SIGNER_LEASES, Clock, Leases, lane_lease, signer_lease
from xl2.relayer.lane_parts import LaneParts

log = logging.getLogger(__name__)

#: Beginning of the leases by which daemons know of each other.
_DAEMON = "daemon:"
_LOST_REMEDY = (
    "This process, its machine or its way to the database stood still for longer than `relayer.lease_seconds`: find "
    "out why, or raise that. Nothing was done twice; it takes lanes again as they become free."
)
#: A lease is renewed so many times before it would end.
_LOOKS = 3


def new_owner() -> str:
    """A name for this process that no other has."""
    return f"{platform.node()}:{os.getpid()}:{secrets.token_hex(4)}"


@frozen(kw_only=True)
class LeaseSettings:
    """For how long a daemon is believed to live."""

    #: After so many seconds of silence others take over.
    seconds: float = field(default=10.0, validator=[validators.gt(0), validators.le(LONGEST_LEASE_SECONDS)])


@define(kw_only=True)
class LeaseHolder:
    """The leases of one daemon."""

    store: Leases
    clock: Clock
    #: Every lane that this daemon could carry.
    lanes: Sequence[LaneParts]
    #: Accounts that it signs with, by chain.
    signers: Sequence[tuple[ChainId, Address]]
    carry: Callable[[LaneParts], None]
    drop: Callable[[Lane], Awaitable[None]]
    settings: LeaseSettings = field(factory=LeaseSettings)
    owner: str = field(factory=new_owner)
    #: Fences of the lanes that are carried.
    _carried: dict[Lane, int] = field(factory=dict, init=False)
    #: Lanes that nobody had when this looked, and since when, in steady time.
    _free_since: dict[Lane, float] = field(factory=dict, init=False)
    #: Lanes beyond our share that no other daemon wants, and who the daemons were then.
    _unwanted: set[Lane] = field(factory=set, init=False)
    _daemons: tuple[str, ...] = field(default=(), init=False)

    async def start(self) -> None:
        """
        Take the leases of our accounts, and of the first lanes.

        A daemon that was killed has its leases for some seconds yet, and they are waited for. Raises `ConfigInvalid`
        where another daemon goes on using one of the accounts.
        """
        waits = 0
        while missing := await self._missing_keys():
            # Counted, not timed: this machine's clock may jump, the store's own decides.
            if waits > _LOOKS:
                raise await self._refusal(missing)
            log.info("waits for the lease of its key", extra={"fields": {"leases": missing}})
            await self.clock.sleep(self._poll_seconds)
            waits += 1
        await self.look()

    async def run(self) -> None:
        """Renew and share until cancelled. Raises `ConfigInvalid` where an account of ours went to another daemon."""
        while True:
            # Others' news only make this look earlier.
            await self.store.changed(self._poll_seconds)
            try:
                await self.look()
            except Retryable as cause:
                # Nothing can be written meanwhile, so nothing goes wrong if a lease ends; the store tells of it, once.
                log.debug("leases not renewed", extra={"fields": {"cause": cause.what}})

    async def look(self) -> None:
        """Renew what is ours, and take or let go of lanes until we have our share."""
        if missing := await self._missing_keys():
            raise await self._refusal(missing)
        held = await self._renew()
        lost = [lane for lane, fence in self._carried.items() if held.get(lane) != fence]
        if lost:
            fields = {"lanes": [lane.name for lane in lost], "remedy": _LOST_REMEDY}
            log.warning("leases ended before they were renewed, and others carry the lanes", extra={"fields": fields})
        for lane in lost:
            log.info("lane lost to another daemon", extra={"fields": {"lane": lane.name}})
            await self._drop(lane)
        daemons = tuple(sorted(one.owner for one in await self.store.leases(_DAEMON)))
        if daemons != self._daemons:
            self._daemons = daemons
            self._unwanted.clear()
        owned = {one.name for one in await self.store.leases(LANE_LEASES)}
        free = [parts.lane for parts in self.lanes if lane_lease(parts.lane) not in owned]
        now = self.clock.steady()
        self._free_since = {lane: self._free_since.get(lane, now) for lane in free}
        await self._take(free, now)
        if not free:
            await self._give()

    async def let_go(self) -> None:
        """End all leases, once nothing is carried any more: others need not wait for their time."""
        names = [self._me, *self._keys, *map(lane_lease, self._carried)]
        self._carried.clear()
        await self.store.release(names, self.owner)

    @property
    def _poll_seconds(self) -> float:
        return self.settings.seconds / _LOOKS

    @property
    def _me(self) -> str:
        return _DAEMON + self.owner

    @property
    def _keys(self) -> list[str]:
        return [signer_lease(chain, account) for chain, account in self.signers]

    @property
    def _share(self) -> int:
        """How many lanes are ours: the same for all daemons, but for one more for the first of them."""
        each, more = divmod(len(self.lanes), max(1, len(self._daemons)))
        return each + (self.owner in self._daemons[:more])

    async def _renew(self) -> dict[Lane, int]:
        names = {lane_lease(lane): lane for lane in self._carried}
        fences = await self.store.lease([self._me, *self._keys, *names], self.owner, self.settings.seconds)
        return {names[name]: fence for name, fence in fences.items() if name in names}

    async def _missing_keys(self) -> list[str]:
        fences = await self.store.lease(self._keys, self.owner, self.settings.seconds)
        return [name for name in self._keys if name not in fences]

    async def _take(self, free: Sequence[Lane], now: float) -> None:
        """Take free lanes up to our share, and those beyond it that nobody took for as long as a lease."""
        counted = len(self._carried) - len(self._unwanted)
        wanted = list(islice(free, max(0, self._share - counted)))
        unwanted = [lane for lane in free if now - self._free_since[lane] > self.settings.seconds]
        names = {lane_lease(lane): lane for lane in (*wanted, *unwanted)}
        fences = await self.store.lease(list(names), self.owner, self.settings.seconds) if names else {}
        for name, fence in fences.items():
            lane = names[name]
            self._carried[lane] = fence
            if lane not in wanted:
                self._unwanted.add(lane)
            log.info("lane taken", extra={"fields": {"lane": lane.name, "daemons": len(self._daemons)}})
            log.debug("lease held", extra={"fields": {"lane": lane.name, "lease": name, "fence": fence}})
            self.carry(next(parts for parts in self.lanes if parts.lane == lane))

    async def _give(self) -> None:
        """Let go of what is beyond our share: another daemon waits for it."""
        ours = [lane for lane in self._carried if lane not in self._unwanted]
        for lane in ours[self._share :]:
            log.info("lane given", extra={"fields": {"lane": lane.name, "daemons": len(self._daemons)}})
            await self._drop(lane)
            await self.store.release([lane_lease(lane)], self.owner)

    async def _drop(self, lane: Lane) -> None:
        """End a lane's rooms. What they write till then is written under its lease, so that is let go after."""
        dropping = asyncio.ensure_future(self.drop(lane))
        while not (await asyncio.wait([dropping], timeout=self._poll_seconds))[0]:
            try:
                await self._renew()
            except Retryable as cause:
                # The lane ends all the same: were it still counted as carried, nobody would carry it again.
                log.debug("leases not renewed", extra={"fields": {"cause": cause.what}})
        await dropping
        self._carried.pop(lane, None)
        self._unwanted.discard(lane)

    async def _refusal(self, missing: Sequence[str]) -> ConfigInvalid:
        owners = {one.owner for one in await self.store.leases(SIGNER_LEASES) if one.name in missing}
        accounts = sorted({checksum(account) for _, account in self.signers})
        chains = ", ".join(name.split(":")[1] for name in missing)
        return ConfigInvalid(
            f"another daemon on this store ({', '.join(sorted(owners)) or 'gone by now'}) signs with "
            f"{', '.join(accounts)} on chain {chains}: two would spend each other's nonces",
            remedy="Give each daemon a key of its own (`relayer.key`), or stop the other one.",
        )
