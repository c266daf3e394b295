"""
Desk: the verbs of `xl2 interop` as functions, over the chains and keys of a configuration.

Words come in, plain values ready for JSON go out. Promise: values of the command line are checked here; chains are
those of the family `op`, by name or id. What the verbs mean is left to `op_stack.interop`.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Final

from attrs import field, frozen

from xl2 import load, open_key
from xl2.clock import CLOCK
from xl2.core.types import Hash32, address, checksum, hash32, hex_text
from xl2.errors import ConfigInvalid, InvalidInput, NotFound
from xl2.ports import Signer
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.interop import by_hand, check
from xl2_adapters.op_stack.interop.journal import Journal
from xl2_adapters.op_stack.interop.messages import Sent
from xl2_adapters.op_stack.interop.relay import Relay, RelayPolicy
from xl2_adapters.op_stack.interop.tokens import Move
from xl2_adapters.providers import rpc_of

#: What the command line prints: rows of names and values.
Row = dict[str, str | int | bool]
_FAMILY: Final = "op"


class _WithFields(logging.Formatter):
    """A line of log with its fields behind it."""

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        return " ".join((super().format(record), *(f"{name}={value}" for name, value in fields.items())))


@frozen(kw_only=True)
class Desk:
    """Chains by name, and who signs."""

    chains: dict[str, Evm]
    #: Folder that relative paths are relative to.
    folder: Path
    _signer: Signer | None = field(default=None, alias="signer", repr=False)

    async def send(self, origin: str, destination: str, target: str, payload: str, told: by_hand.Told) -> Row:
        """Send a message."""
        there = self._chain(destination)
        by_hand.require_other(self._chain(origin).chain, there.chain)
        sent = await by_hand.send(
            self._chain(origin),
            self._signs(),
            destination=there.chain,
            target=address(target),
            body=_bytes(payload),
            told=told,
        )
        return _row(sent)

    async def transfer(self, origin: str, destination: str, move: Move, told: by_hand.Told) -> Row:
        """Move a token."""
        there = self._chain(destination)
        by_hand.require_other(self._chain(origin).chain, there.chain)
        sent = await by_hand.transfer(self._chain(origin), self._signs(), move, destination=there, told=told)
        return _row(sent)

    async def status(self, tx_hash: str) -> list[Row]:
        """What became of the messages of a transaction, wherever it is."""
        _, found = await self._find(hash32(tx_hash))
        rows = []
        for sent in found:
            there = self._by_id(sent.message.destination)
            state = "its destination is not in the configuration"
            if there is not None:
                state = "delivered" if await check.is_delivered(there, sent.message) else "not delivered"
            rows.append({**_row(sent), "state": state, "expires_at": sent.expires_at()})
        return rows

    async def relay(self, tx_hash: str, told: by_hand.Told) -> list[Row]:
        """Deliver the messages of a transaction."""
        origin, found = await self._find(hash32(tx_hash))
        rows = []
        for sent in found:
            there = self._by_id(sent.message.destination)
            if there is None:
                raise NotFound(
                    f"the message is for chain {sent.message.destination}, which is not in the configuration"
                )
            receipt = await by_hand.relay(origin, there, self._signs(), sent.identifier, sent.payload, told=told)
            rows.append({**_row(sent), "state": "delivered", "delivered_by": hex_text(receipt.tx_hash)})
        return rows

    async def carry(
        self, chains: Sequence[str], policy: RelayPolicy, journal: Path, begun: Callable[[Row], object]
    ) -> None:
        """Carry messages until the process is asked to stop. No `chains`: all that there are."""
        carried = [self._chain(name) for name in dict.fromkeys(chains)] or list(self.chains.values())
        if len(carried) < len(("origin", "destination")):
            raise InvalidInput("one chain alone has nothing to carry", field="chain", remedy="Name two or more.")
        kept = Journal(self.folder / journal)
        try:
            relay = Relay(carried, self._signs(), kept, CLOCK, policy)
            ids = ", ".join(str(evm.chain) for evm in carried)
            told: Row = {"pays": checksum(self._signs().address), "chains": ids}
            await _until_stopped(relay, lambda: begun(told))
        finally:
            await kept.close()

    def _signs(self) -> Signer:
        if self._signer is None:
            raise InvalidInput("nobody signs", field="key", remedy="Name a key with --key.")
        return self._signer

    def _chain(self, named: str) -> Evm:
        for name, evm in self.chains.items():
            if named in (name, str(evm.chain)):
                return evm
        known = ", ".join(f"{name} ({evm.chain})" for name, evm in self.chains.items())
        raise NotFound(f"there is no chain {named!r} of the family {_FAMILY}", remedy=f"Name one of: {known}.")

    def _by_id(self, chain: int) -> Evm | None:
        return next((evm for evm in self.chains.values() if evm.chain == chain), None)

    async def _find(self, tx_hash: Hash32) -> tuple[Evm, Sequence[Sent]]:
        for evm in self.chains.values():
            if await evm.tx_receipt(tx_hash) is not None:
                return evm, await by_hand.messages_of(evm, tx_hash)
        names = ", ".join(self.chains)
        raise NotFound(f"transaction {hex_text(tx_hash)} is in no block of {names}")


@contextlib.asynccontextmanager
async def desk(config: Path, key: str | None) -> AsyncIterator[Desk]:
    """Chains and a key of a configuration; `key`: a name under its `keys`, its own choice where none is given."""
    read = load(config)
    handler = logging.StreamHandler()
    handler.setFormatter(_WithFields("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=read.log.level, handlers=[handler])
    chains = {one.name: Evm(one.chain, rpc_of(one)) for one in read.settings() if one.family == _FAMILY}
    if not chains:
        raise ConfigInvalid(f"{config} has no chain of the family {_FAMILY}", remedy="Add its chains under [chains].")
    name = key or read.key
    signs = open_key(read, name) if key or name in read.keys else None
    try:
        yield Desk(chains=chains, folder=config.parent, signer=signs)
    finally:
        for evm in chains.values():
            await evm.close()


async def _until_stopped(relay: Relay, begun: Callable[[], object]) -> None:
    """Run; the first Ctrl-C or SIGTERM ends it in good order, from when it has told that it began."""
    running = asyncio.ensure_future(relay.run())
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, running.cancel)
    begun()
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await running
    finally:
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(name)


def _row(sent: Sent) -> Row:
    message = sent.message
    return {
        "message": hex_text(sent.hash),
        "transaction": hex_text(sent.place.tx_hash),
        "origin": message.source,
        "block": sent.place.block,
        "log_index": sent.place.log_index,
        "destination": message.destination,
        "sender": checksum(message.sender),
        "target": checksum(message.target),
    }


def _bytes(text: str) -> bytes:
    if not text.startswith("0x"):
        return text.encode()
    try:
        return bytes.fromhex(text[2:])
    except ValueError as bad:
        raise InvalidInput(
            f"payload {text!r} begins with 0x and is no hex",
            field="payload",
            value=text,
            remedy="Give 0x and an even number of hex digits; text must not begin with 0x.",
        ) from bad
