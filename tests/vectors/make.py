"""
Make the golden vectors: `python -m tests.vectors.make` writes tests/vectors/*.json from xl2.core.

A vector pins version 1 of the protocol. A diff in one of these files is a change of the protocol, never a detail: both
the contracts' tests and `tests/unit/core/test_vectors.py` read them. What the fields say stands in README.md here.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from eth_account import Account

from tests.factories import lane, messages, segment, some_address, some_hash
from tests.vectors.messages import (
    LANES,
    MESSAGES,
    lane_vector,
    lane_word_vector,
    log_vector,
    message_vector,
    segments,
    segments_refused,
)
from tests.vectors.settlements import receipt_vector, receipts, settlements, settlements_refused
from tests.vectors.vector import Vector, joined, refused, with_byte
from xl2.core.attestation import Attestation, AttestedProof, Signature, signers_hash
from xl2.core.evidence import Head
from xl2.core.interop import InteropAddress
from xl2.core.transfer import Transfer
from xl2.core.types import Address, BlockNumber, ChainId, address, checksum, hex_text

HERE = Path(__file__).parent

_ADDRESSES = {
    "mainnet": InteropAddress(chain=ChainId(1), account=some_address("account")),
    "two bytes of chain id": InteropAddress(chain=ChainId(902), account=some_address("account")),
    "largest chain id": InteropAddress(chain=ChainId(2**64 - 1), account=some_address("account")),
    "zero account": InteropAddress(chain=ChainId(10), account=Address(bytes(20))),
}

_TRANSFERS = {
    "one token": Transfer(sender=_ADDRESSES["mainnet"], recipient=some_address("recipient"), amount=10**18),
    "least": Transfer(sender=_ADDRESSES["largest chain id"], recipient=some_address("recipient"), amount=1),
    "most": Transfer(sender=_ADDRESSES["mainnet"], recipient=some_address("recipient"), amount=2**112 - 1),
}


def vectors() -> dict[str, list[Vector]]:
    """All files: name without `.json` to its vectors."""
    return {
        "lanes": [lane_vector(name, of) for name, of in LANES.items()],
        "messages": [message_vector(name, of) for name, of in MESSAGES.items()],
        "logs": [log_vector(count) for count in (0, 1, 2, 255, 256, 257, 600)],
        "lane_words": [lane_word_vector(*fields) for fields in ((0, 0), (1, 0), (2**40 - 1, 2**56 - 1), (600, 77))],
        "segments": list(segments()),
        "segments_refused": list(segments_refused()),
        "receipts": [receipt_vector(name, of) for name, of in receipts().items()],
        "settlements": list(settlements()),
        "settlements_refused": list(settlements_refused()),
        "attestations": list(_attestations()),
        "addresses": [_address(name, of) for name, of in _ADDRESSES.items()],
        "addresses_refused": list(_addresses_refused()),
        "transfers": [_transfer(name, of) for name, of in _TRANSFERS.items()],
    }


def text(of: dict[str, list[Vector]], name: str) -> str:
    """Content of one file."""
    return json.dumps(of[name], indent=2, ensure_ascii=False) + "\n"


def _attestations() -> Iterable[Vector]:
    # A verifier names its signers in rising order of their addresses.
    keys = sorted((index.to_bytes(32) for index in range(1, 6)), key=lambda key: address(Account.from_key(key).address))
    signers = tuple(address(Account.from_key(key).address) for key in keys)
    heads = {
        "lane log": Head(log=lane().log, head=segment(messages(3)).head, count=3),
        "receipt log": Head(log=lane().receipt_log, head=some_hash("head"), count=2**40 - 1),
    }
    for name, head in heads.items():
        attestation = Attestation(
            head=head, block=BlockNumber(123_456), chain=lane().destination, contract=some_address("attested heads")
        )
        signatures = tuple(
            Signature.of(index, bytes(Account.unsafe_sign_hash(attestation.digest, keys[index]).signature))
            for index in (0, 2, 3)
        )
        proof = AttestedProof(block=attestation.block, signers=signers, signatures=signatures)
        yield {
            "name": name,
            "chain": hex(attestation.chain),
            "contract": checksum(attestation.contract),
            "log": hex_text(head.log),
            "head": hex_text(head.head),
            "count": hex(head.count),
            "block": hex(attestation.block),
            "digest": hex_text(attestation.digest),
            "signers": joined(signers),
            "signersHash": hex_text(signers_hash(signers)),
            "threshold": hex(len(signatures)),
            "proof": hex_text(proof.encode()),
        }


def _address(name: str, of: InteropAddress) -> Vector:
    return {
        "name": name,
        "chain": hex(of.chain),
        "account": checksum(of.account),
        "interoperable": hex_text(of.encode()),
    }


def _addresses_refused() -> Iterable[Vector]:
    wire = InteropAddress(chain=ChainId(902), account=some_address("account")).encode()
    account = wire[-20:]
    prefix = wire[:4]
    yield refused("empty", b"", "no byte of it is there")
    yield refused("cut", wire[:-1], "the address is cut")
    yield refused("one byte long", wire + b"\0", "a byte is left over")
    yield refused("version 2", with_byte(wire, 1, 2), "there is no such version")
    yield refused("another chain type", with_byte(wire, 3, 2), "the chain is no EIP-155 chain")
    yield refused("no chain", prefix + b"\0\x14" + account, "there is no chain id")
    yield refused("no account", prefix + b"\2\3\x86\0", "there is no address")
    yield refused("leading zero", prefix + b"\3\0\3\x86\x14" + account, "the chain id has a leading zero")
    yield refused("chain 0", prefix + b"\1\0\x14" + account, "zero is no chain id")
    yield refused("nine bytes of chain id", prefix + b"\x09" + b"\1" * 9 + b"\x14" + account, "over 64 bits")
    yield refused("19 bytes", prefix + b"\2\3\x86\x13" + account[:19], "an address has 20 bytes")


def _transfer(name: str, of: Transfer) -> Vector:
    return {
        "name": name,
        "senderChain": hex(of.sender.chain),
        "senderAccount": checksum(of.sender.account),
        "recipient": checksum(of.recipient),
        "amount": hex(of.amount),
        "payload": hex_text(of.encode()),
    }


def main() -> None:
    """Write all files."""
    made = vectors()
    for name in made:
        (HERE / f"{name}.json").write_text(text(made, name), encoding="utf-8")


if __name__ == "__main__":
    main()
