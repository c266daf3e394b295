"""
Ticket: what an L1 inbox of a Nitro chain told the chain, by the bytes of the message.

Comes in: a message's kind, bytes and place in the inbox. Goes out: a retryable ticket or a deposit of ether, and the
hash by which the chain knows it, before the chain has seen it. Promise: the bytes were taken apart strictly, nothing is
left over, and the id is recomputed, never asked for. Whether these are the bytes that L1 committed to is left to
`delivered`. Source: ArbOS, transaction types 0x64 and 0x69; vectors from @arbitrum/sdk 4.1.0.
"""

from typing import Self

from attrs import field, frozen

from xl2.core import rlp
from xl2.core.hashing import keccak
from xl2.core.types import ZERO_ADDRESS, Address, ChainId, Hash32, Wei
from xl2.core.wire import Reader
from xl2.errors import ProofInvalid

#: Kinds of messages of a delayed inbox (nitro-contracts, `libraries/MessageTypes.sol`).
SUBMIT_RETRYABLE = 9
ETHER_DEPOSIT = 12

_WORD = 32


@frozen(kw_only=True)
class Ticket:
    """A retryable ticket: a call that the chain keeps until somebody makes it succeed, or its time is over."""

    #: Chain that keeps it.
    chain: ChainId
    #: Place in the inbox of the chain.
    number: int
    #: Account that makes the call: whoever called the inbox, aliased, contract or not.
    sender: Address
    #: Base fee of the L1 block that it was sent in.
    base_fee: Wei
    #: Wei that came along.
    deposit: Wei
    to: Address
    #: Wei that the call carries.
    call_value: Wei
    max_submission_fee: Wei
    #: Gets what the submission did not take.
    excess_refund: Address
    #: Gets the call's value where it never succeeds; may cancel it.
    call_value_refund: Address
    gas_limit: int
    #: Most wei for one gas of the first try.
    max_fee: Wei
    data: bytes = field(repr=False)

    @classmethod
    def parse(cls, message: bytes, *, chain: ChainId, number: int, sender: Address, base_fee: Wei) -> Self:
        """Take a message of kind 9 apart: nine words, then as many bytes as the ninth says. Raises `ProofInvalid`."""
        read = Reader(message, "retryable ticket")
        to, call_value, deposit, max_submission_fee = _account(read), _wei(read), _wei(read), _wei(read)
        excess_refund, call_value_refund = _account(read), _account(read)
        gas_limit, max_fee, size = read.uint(_WORD), _wei(read), read.uint(_WORD)
        data = read.take(size)
        read.end()
        return cls(
            chain=chain,
            number=number,
            sender=sender,
            base_fee=base_fee,
            deposit=deposit,
            to=to,
            call_value=call_value,
            max_submission_fee=max_submission_fee,
            excess_refund=excess_refund,
            call_value_refund=call_value_refund,
            gas_limit=gas_limit,
            max_fee=max_fee,
            data=data,
        )

    @property
    def id(self) -> Hash32:
        """Id of the ticket, and hash of the transaction that makes it: keccak(0x69 ‖ RLP)."""
        return keccak(
            b"\x69"
            + rlp.encode(
                [
                    _number(self.chain),
                    self.number.to_bytes(_WORD),
                    self.sender,
                    _number(self.base_fee),
                    _number(self.deposit),
                    _number(self.max_fee),
                    _number(self.gas_limit),
                    # To nobody means to create a contract.
                    b"" if self.to == ZERO_ADDRESS else self.to,
                    _number(self.call_value),
                    self.call_value_refund,
                    _number(self.max_submission_fee),
                    self.excess_refund,
                    self.data,
                ]
            )
        )

    @property
    def tries_by_itself(self) -> bool:
        """Whether the chain tries the call once, paid for by the deposit."""
        return self.gas_limit > 0 and self.max_fee > 0


@frozen(kw_only=True)
class EtherDeposit:
    """Ether that is credited to an account; nothing is called."""

    chain: ChainId
    number: int
    #: Whoever called the inbox, aliased.
    sender: Address
    to: Address
    value: Wei

    @classmethod
    def parse(cls, message: bytes, *, chain: ChainId, number: int, sender: Address) -> Self:
        """Take a message of kind 12 apart: account 20 ‖ wei 32. Raises `ProofInvalid`."""
        read = Reader(message, "ether deposit")
        to, value = read.address(), _wei(read)
        read.end()
        return cls(chain=chain, number=number, sender=sender, to=to, value=value)

    @property
    def id(self) -> Hash32:
        """Hash of the transaction that credits it: keccak(0x64 ‖ RLP)."""
        fields = [_number(self.chain), self.number.to_bytes(_WORD), self.sender, self.to, _number(self.value)]
        return keccak(b"\x64" + rlp.encode(fields))


def _number(value: int) -> bytes:
    """Without leading zeros, as RLP has integers."""
    return value.to_bytes((value.bit_length() + 7) // 8)


def _wei(read: Reader) -> Wei:
    return Wei(read.uint(_WORD))


def _account(read: Reader) -> Address:
    """An account in a whole word."""
    word = read.take(_WORD)
    if any(word[:12]):
        raise ProofInvalid(f"retryable ticket has 0x{word.hex()} where an account is due")
    return Address(word[12:])
