"""
Batching: which messages go into one delivery, and how much gas that delivery is given; learned as a lane is carried.

Promise: a batch is chosen by what it takes, not by count: its gas stays a tenth below the most that a transaction may
have (EIP-7825) and its bytes below what nodes take. What a message takes is a guess at first, from what is measured
for small recipients, and then what deliveries of this lane took; where a simulation says that it was too little, the
next batch is smaller. Nothing of this is kept: a restart guesses anew.
"""

from collections import deque
from collections.abc import Sequence

from attrs import define, evolve, field

from xl2.core.message import Message
from xl2.core.segment import Segment, packed_size
from xl2.flow.prove import BYTE_GAS, BatchLimits

#: Of a delivery beside its messages: base cost, evidence of a few signatures, status words of some pages, the receipt.
_OVERHEAD_GAS = 250_000
#: What a message is taken to need until deliveries tell: measured below 15,000 for small recipients.
_FIRST_GUESS = 40_000
#: Above what was measured, in percent: the next recipients may need more than the last ones.
_MARGIN_PERCENT = 150
#: What is learned is never below this: a message is hashed, tried and noted, however little its recipient does.
_LEAST_GUESS = 8_000


@define(kw_only=True)
class Batching:
    """What fits one delivery of a lane."""

    most: BatchLimits
    #: Gas that a message takes with its recipient, its bytes included.
    _message_gas: int = field(default=_FIRST_GUESS, init=False)
    #: Messages of the batch that was too much; what comes next is half of it.
    _messages: int | None = field(default=None, init=False)

    @property
    def limits(self) -> BatchLimits:
        """Limits of the next batch."""
        room = self.most.gas - _OVERHEAD_GAS
        messages = min(self._messages or self.most.messages, self.most.messages, 1 + room // self._message_gas)
        return evolve(self.most, messages=messages, gas=room, message_gas=self._message_gas)

    @property
    def message_gas(self) -> int:
        """What one message more takes of a delivery, as far as is known."""
        return self._message_gas

    def gas_limit(self, messages: Sequence[Message]) -> int:
        """
        Gas that a delivery of these is given.

        The inbox asks for the whole limit of a recipient before it calls it, so the dearest one is had in reserve.
        Never less than what a transaction of so many bytes must have (EIP-7623).
        """
        reserve = max(message.gas_limit for message in messages) * 64 // 63
        size = sum(packed_size(one, before) for one, before in zip(messages, (None, *messages[:-1]), strict=True))
        enough = min(_OVERHEAD_GAS + len(messages) * self._message_gas + reserve, self._ceiling(reserve))
        return max(enough, _OVERHEAD_GAS + BYTE_GAS * size)

    def delivered(self, messages: int, gas_used: int) -> None:
        """A delivery of so many messages took so much gas."""
        each = max(0, gas_used - _OVERHEAD_GAS) // messages
        found = max(_LEAST_GUESS, each * _MARGIN_PERCENT // 100)
        # Up at once, down by half of the way: a small recipient says little of the next one.
        self._message_gas = found if found > self._message_gas else (self._message_gas + found) // 2
        if self._messages is not None:
            self._messages = 2 * self._messages if messages == self._messages else None

    def too_much(self, segment: Segment) -> None:
        """A delivery of this did not fit the gas it was given."""
        messages = len(segment.messages)
        self._message_gas = min(2 * self._message_gas, self.most.gas)
        self._messages = max(1, messages // 2)

    def _ceiling(self, reserve: int) -> int:
        """One message always goes out, also where its own limit is all that there is."""
        return max(self.most.gas, _OVERHEAD_GAS + reserve)


def reaches(messages: Sequence[Message], limits: BatchLimits) -> list[int]:
    """
    For each place, behind the last message that one delivery can carry which begins there: as `prove.fitting` has it.

    One walk for all places: whatever fits, fits without its first message too.
    """
    behind = [packed_size(one, messages[place - 1] if place else None) for place, one in enumerate(messages)]
    size, gas = [0], [0]
    for one in behind:
        size.append(size[-1] + one)
        gas.append(gas[-1] + max(limits.message_gas, one * BYTE_GAS))
    ends: list[int] = []
    end = 0
    # Places of the dearest limits to come, falling: the front is what a run has in reserve.
    dearest: deque[int] = deque()
    for place, first in enumerate(messages):
        alone = packed_size(first, None)
        longer = alone - behind[place]
        dearer = max(limits.message_gas, alone * BYTE_GAS) - (gas[place + 1] - gas[place])
        while dearest and dearest[0] < place:
            dearest.popleft()
        while end < len(messages):
            reserve = max(messages[dearest[0]].gas_limit if dearest else 0, messages[end].gas_limit) * 64 // 63
            follows = end == place or messages[end].nonce == messages[end - 1].nonce + 1
            fits = (
                end - place < limits.messages
                and gas[end + 1] - gas[place] + dearer + reserve <= limits.gas
                and size[end + 1] - size[place] + longer <= limits.size
            )
            if end > place and not (follows and fits):
                break
            while dearest and messages[dearest[-1]].gas_limit <= messages[end].gas_limit:
                dearest.pop()
            dearest.append(end)
            end += 1
        ends.append(end)
    return ends
