"""
Nitro message: transactions that come to the L2 by L1's delayed inbox, by the bytes of the message.

A message of kind 3, or 7 (with ether for it), comes in; what it asks for goes out: a call by the alias of whoever
spoke on L1, with or without a nonce, or a transaction that its account signed. Promise: bytes that are no such message
ask for nothing, as on a real chain, and stop nobody. Whether a nonce is the account's next one is left to
`derive`. Source: nitro-contracts 3.2.0, `MessageTypes.sol`, `AbsInbox.sol`; Arbitrum's documentation of
transaction types 0x65, 0x66.
"""

import rlp
from attrs import frozen
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError, keccak

from xl2.core.types import Address
from xl2_devnet.system_transaction import SystemTransaction, system_transaction

#: What one such transaction may use at most: some of them must fit into a block with what users send.
MOST_GAS = 10_000_000

_UNSIGNED, _CONTRACT, _SIGNED = 0, 1, 4
_TYPES = {_UNSIGNED: b"\x65", _CONTRACT: b"\x66"}
_WORD = 32
#: Where nonce, gas, recipient, wei and data stand in the list of each type of signed transaction (0: legacy).
_PLACES = {0: (0, 2, 3, 4, 5), 1: (1, 3, 4, 5, 6), 2: (1, 4, 5, 6, 7)}
_FIRST_OF_A_LIST = 0xC0
_BAD_BYTES = (ValueError, IndexError, KeyError, TypeError)
_LEAST_GAS, _GAS_A_TOKEN, _FLOOR_GAS_A_TOKEN, _CREATION_GAS = 21_000, 4, 10, 32_000


@frozen(kw_only=True)
class Spoken:
    """A transaction that a message asks for."""

    #: Makes it another one than its like.
    source_hash: bytes
    sender: Address
    #: None: for a creation.
    to: Address | None
    #: Wei that are made for the sender before.
    mint: int
    value: int
    gas: int
    data: bytes
    #: None: whatever the sender's next one is.
    tx_nonce: int | None
    #: Hash that a real chain knows it by.
    tx_hash: bytes

    @property
    def transaction(self) -> SystemTransaction | None:
        """As the sequencer puts it into a block; None: its gas is not enough to begin with."""
        if self.gas < least_gas(self.data, creation=self.to is None):
            return None
        return system_transaction(
            self.source_hash,
            sender=_hex(self.sender),
            to=None if self.to is None else _hex(self.to),
            mint=self.mint,
            value=self.value,
            gas=given_gas(self.gas, self.data, creation=self.to is None),
            data=self.data,
            aliases=("0x" + self.tx_hash.hex(),),
        )


def spoken(content: bytes, *, chain: int, number: int, sender: Address, funded: bool) -> Spoken | None:
    """What a message asks for; None: it is no transaction.

    `number`: its place in the inbox. `sender`: already aliased. `funded`: of kind 7.
    """
    kind, body = content[:1], content[1:]
    if kind == bytes([_SIGNED]) and not funded:
        return _signed(body, chain)
    if kind in (bytes([_UNSIGNED]), bytes([_CONTRACT])):
        return _unsigned(kind[0], body, chain=chain, number=number, sender=sender, funded=funded)
    return None


def least_gas(data: bytes, *, creation: bool) -> int:
    """Gas below which ArbOS does not begin a transaction."""
    return _LEAST_GAS + _GAS_A_TOKEN * _tokens(data) + (_CREATION_GAS if creation else 0)


def given_gas(gas: int, data: bytes, *, creation: bool) -> int:
    """Gas that anvil needs and the devnet allows for a transaction that was given `gas`.

    anvil asks the floor of EIP-7623, which Arbitrum does not have.
    """
    floor = max(least_gas(data, creation=creation), _LEAST_GAS + _FLOOR_GAS_A_TOKEN * _tokens(data))
    return max(min(gas, MOST_GAS), floor)


def _tokens(data: bytes) -> int:
    zeros = data.count(0)
    return zeros + 4 * (len(data) - zeros)


def _unsigned(kind: int, body: bytes, *, chain: int, number: int, sender: Address, funded: bool) -> Spoken | None:
    """Words: gas, most wei for one, nonce (unless a contract speaks), recipient, wei; then the data."""
    count = 5 if kind == _UNSIGNED else 4
    if len(body) < count * _WORD:
        return None
    words = [body[place * _WORD : (place + 1) * _WORD] for place in range(count)]
    gas, fee = (int.from_bytes(word) for word in words[:2])
    tx_nonce = int.from_bytes(words[2]) if kind == _UNSIGNED else None
    to, value, data = words[-2][12:], int.from_bytes(words[-1]), body[count * _WORD :]
    name = _number(tx_nonce) if tx_nonce is not None else number.to_bytes(_WORD)
    first = [_number(chain), sender, name] if kind == _UNSIGNED else [_number(chain), name, sender]
    recipient = Address(to) if any(to) else None
    fields = [*first, _number(fee), _number(gas), recipient or b"", _number(value), data]
    tx_hash = keccak(_TYPES[kind] + rlp.encode(fields))
    return Spoken(
        source_hash=keccak(b"message" + number.to_bytes(_WORD) + tx_hash),
        sender=sender,
        to=recipient,
        mint=value if funded else 0,
        value=value,
        gas=gas,
        data=data,
        tx_nonce=tx_nonce,
        tx_hash=tx_hash,
    )


def _signed(raw: bytes, chain: int) -> Spoken | None:
    # eth_account takes a second to import, and few devnets ever see a signed message.
    from eth_account import Account  # noqa: PLC0415

    try:
        kind = raw[0] if raw[0] < _FIRST_OF_A_LIST else 0
        fields = rlp.decode(raw[1:] if kind else raw)
        nonce, gas, to, value, data = (fields[place] for place in _PLACES[kind])
        # A legacy transaction has its chain in the signature (EIP-155).
        signed_for = int.from_bytes(fields[0]) if kind else (int.from_bytes(fields[6]) - 35) // 2
        sender = bytes.fromhex(Account.recover_transaction(raw)[2:])
    except (*_BAD_BYTES, rlp.exceptions.DecodingError, BadSignature, ValidationError):
        return None
    tx_hash = keccak(raw)
    if signed_for != chain:
        return None
    return Spoken(
        source_hash=tx_hash,
        sender=Address(sender),
        to=Address(to) if to else None,
        mint=0,
        value=int.from_bytes(value),
        gas=int.from_bytes(gas),
        data=data,
        tx_nonce=int.from_bytes(nonce),
        tx_hash=tx_hash,
    )


def _hex(address: Address) -> str:
    return "0x" + address.hex()


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8)
