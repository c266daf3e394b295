"""
Batch: messages for one destination become transactions that relay several of them each.

Pure. Promise: one relay that fails does not fail its companions (`allowFailure`), gas is computed from sizes and not
asked for, and no transaction passes the gas it may have. That each relay would go through is left to `simulate`.
Measured: a relay of 32 bytes takes 82,000 gas by itself, 47,000 in company of fifteen.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from attrs import field, frozen, validators

from xl2.core.types import Address, Hash32
from xl2_adapters.op_stack.interop.contracts import AGGREGATE, MESSENGER, MULTICALL
from xl2_adapters.op_stack.interop.entry import Entry

#: Of a transaction: 21,000, and the contracts that it touches first.
_BASE_GAS: Final = 60_000
#: Of a relay: calldata, two storage keys, the messenger's and the inbox's own work. 38,000 were measured.
_RELAY_GAS: Final = 48_000
#: Of a byte of the body: calldata at the floor's price, copies, and the hash.
_BYTE_GAS: Final = 60
#: What a target may take before its relay needs an estimate of its own.
_TARGET_GAS: Final = 60_000


@frozen(kw_only=True)
class BatchPolicy:
    """How much goes into one transaction."""

    #: More in company saves little gas, and makes one transaction that is refused cost more.
    max_messages: int = field(default=16, validator=validators.ge(1))
    #: Below the cap of one transaction (EIP-7825), with room in a block for others.
    max_gas: int = field(default=10_000_000, validator=validators.ge(1_000_000))
    #: A relay that needs more is left to others: who relays pays, whatever the target does with it.
    max_relay_gas: int = field(default=3_000_000, validator=validators.gt(0))


@frozen(kw_only=True)
class Batch:
    """Messages that go together, oldest first."""

    entries: tuple[Entry, ...]

    @property
    def hashes(self) -> tuple[Hash32, ...]:
        """Of its messages."""
        return tuple(entry.sent.hash for entry in self.entries)

    @property
    def keys(self) -> tuple[Hash32, ...]:
        """What its access list announces."""
        return tuple(key for entry in self.entries for key in entry.sent.keys)

    @property
    def gas_limit(self) -> int:
        """Gas that its transaction may use."""
        return _BASE_GAS + sum(map(relay_gas, self.entries))

    def aggregate(self) -> bytes:
        """Calldata of Multicall3 for all its relays, each free to fail."""
        messenger = "0x" + MESSENGER.hex()
        return AGGREGATE.encode([(messenger, True, entry.sent.relay_data()) for entry in self.entries])

    def call(self) -> tuple[Address, bytes]:
        """Whom its transaction calls, and with what: one relay goes straight to the messenger, which is cheaper."""
        if len(self.entries) == 1:
            return MESSENGER, self.entries[0].sent.relay_data()
        return MULTICALL, self.aggregate()

    def what(self) -> str:
        """In words."""
        return f"relay {len(self.entries)} message{'s' if len(self.entries) > 1 else ''}"


def relay_gas(entry: Entry) -> int:
    """Gas that a relay may use."""
    return entry.gas or _RELAY_GAS + _TARGET_GAS + _BYTE_GAS * len(entry.sent.message.body)


def pack(entries: Iterable[Entry], policy: BatchPolicy) -> Iterator[Batch]:
    """Batches of these entries. Those that may have few companions go with their like."""
    by_width: dict[int, list[Entry]] = {}
    for entry in entries:
        width = min(entry.width or policy.max_messages, policy.max_messages)
        by_width.setdefault(width, []).append(entry)
    for width, alike in sorted(by_width.items(), reverse=True):
        yield from _packed(alike, width, policy.max_gas)


def _packed(entries: Sequence[Entry], width: int, max_gas: int) -> Iterator[Batch]:
    open_batch: list[Entry] = []
    gas = _BASE_GAS
    for entry in entries:
        needed = relay_gas(entry)
        if open_batch and (len(open_batch) == width or gas + needed > max_gas):
            yield Batch(entries=tuple(open_batch))
            open_batch, gas = [], _BASE_GAS
        open_batch.append(entry)
        gas += needed
    if open_batch:
        yield Batch(entries=tuple(open_batch))
