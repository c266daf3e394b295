"""What a signer elsewhere gives back passes only as the very transaction that it was given, under the very key."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, evolve, field
from eth_account import Account

from xl2.core import rlp
from xl2.core.types import Address, ChainId, Wei
from xl2.errors import WrongSignature
from xl2.ports import SignedTransaction, Transaction
from xl2_adapters.keys.checked import CheckedSigner
from xl2_adapters.keys.signed import assembled, checked, compared, preimage_of
from xl2_adapters.web3_edge import signer

KEY, OTHER = "0x" + "51" * 32, "0x" + "52" * 32
ACCOUNT = Address(bytes.fromhex(Account.from_key(KEY).address[2:]))
ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
TRANSACTION = Transaction(
    chain=ChainId(901), tx_nonce=0, to=Address(b"\x11" * 20), data=b"\x01" * 40, value=Wei(0), gas_limit=50_000,
    max_fee=Wei(10**9), priority_fee=Wei(1),
)  # fmt: skip


async def raw_of(transaction: Transaction, key: str = KEY) -> bytes:
    return (await signer(key).sign_transaction(transaction, "a test")).raw


async def test_what_was_asked_for_passes_whatever_the_fields() -> None:
    for nonce in (0, 1, 127, 128, 1 << 40):
        for value in (0, 1, 1 << 90):
            given = evolve(TRANSACTION, tx_nonce=nonce, value=Wei(value), data=b"\x7f" * (nonce % 3))
            raw = await raw_of(given)

            assert compared(raw, given, ACCOUNT).raw == raw
            signature = await signer(KEY).sign_hash_of(preimage_of(given))
            assert assembled(given, signature, ACCOUNT).raw == raw


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"chain": ChainId(1)}, "chain id differs"),
        ({"tx_nonce": 1}, "nonce differs"),
        ({"priority_fee": Wei(2)}, "priority fee differs"),
        ({"max_fee": Wei(10**9 + 1)}, "max fee differs"),
        ({"gas_limit": 50_001}, "gas limit differs"),
        ({"to": Address(b"\x12" * 20)}, "to differs"),
        ({"value": Wei(1)}, "value differs"),
        ({"data": b"\x01" * 39}, "data differs"),
        ({"tx_nonce": 1, "value": Wei(1)}, "nonce, value differ"),
    ],
)
async def test_every_field_that_differs_is_named(change: dict[str, object], named: str) -> None:
    raw = await raw_of(evolve(TRANSACTION, **change))  # type: ignore[arg-type]

    with pytest.raises(WrongSignature, match=f"{named}$"):
        compared(raw, TRANSACTION, ACCOUNT)


async def test_a_signer_of_one_chain_is_told_apart_by_its_remedy() -> None:
    with pytest.raises(WrongSignature) as refused:
        compared(await raw_of(evolve(TRANSACTION, chain=ChainId(1))), TRANSACTION, ACCOUNT)

    assert "eth1_sign" in refused.value.remedy


async def test_another_key_is_refused() -> None:
    with pytest.raises(WrongSignature, match="was asked"):
        compared(await raw_of(TRANSACTION, OTHER), TRANSACTION, ACCOUNT)
    with pytest.raises(WrongSignature, match="was asked"):
        checked(await signer(OTHER).sign_hash_of(b"x"), b"x", ACCOUNT)


async def test_a_signature_of_other_bytes_is_refused() -> None:
    with pytest.raises(WrongSignature, match="or other bytes"):
        checked(await signer(KEY).sign_hash_of(b"x"), b"y", ACCOUNT)


async def test_the_other_s_of_a_signature_is_refused() -> None:
    good = await signer(KEY).sign_hash_of(b"x")
    twin = good[:32] + (ORDER - int.from_bytes(good[32:64])).to_bytes(32) + bytes([55 - good[64]])

    with pytest.raises(WrongSignature, match="upper half"):
        checked(twin, b"x", ACCOUNT)


@define
class Somebody:
    """A signer that another wrote. Implements `xl2.ports.Signer`."""

    key: str
    changes: dict[str, Any] = field(factory=dict)

    @property
    def address(self) -> Address:
        return ACCOUNT

    async def sign_transaction(self, transaction: Transaction, what: str) -> SignedTransaction:
        signed = await signer(self.key).sign_transaction(evolve(transaction, **self.changes), what)
        return evolve(signed, transaction=transaction, sender=ACCOUNT)

    async def sign_hash_of(self, preimage: bytes) -> bytes:
        return await signer(self.key).sign_hash_of(preimage)


async def test_whoever_wrote_a_signer_its_word_is_compared() -> None:
    honest, other, changing = (
        CheckedSigner(one) for one in (Somebody(KEY), Somebody(OTHER), Somebody(KEY, {"value": Wei(1)}))
    )

    assert (await honest.sign_transaction(TRANSACTION, "a test")).raw == await raw_of(TRANSACTION)
    assert await honest.sign_hash_of(b"x") == await signer(KEY).sign_hash_of(b"x")
    for liar in (other, changing):
        with pytest.raises(WrongSignature):
            await liar.sign_transaction(TRANSACTION, "a test")
    with pytest.raises(WrongSignature):
        await other.sign_hash_of(b"x")


def refit(change: Callable[[list[rlp.Item]], None]) -> Callable[[bytes], bytes]:
    def changed(raw: bytes) -> bytes:
        items = list(rlp.items(rlp.decode(raw[1:], "it"), "it"))
        change(items)
        return b"\x02" + rlp.encode(items)

    return changed


@pytest.mark.parametrize(
    "mutate",
    [
        lambda _: b"",
        lambda _: b"\x02",
        lambda raw: raw[1:],
        lambda raw: b"\x01" + raw[1:],
        lambda raw: raw[:-1],
        lambda raw: raw + b"\0",
        lambda _: b"\x02" + rlp.encode([b""] * 11),
        lambda _: b"\x02" + rlp.encode(b"text"),
        refit(lambda items: items.__setitem__(9, b"\2")),
        refit(lambda items: items.__setitem__(9, b"\0")),
        refit(lambda items: items.__setitem__(10, [])),
        refit(lambda items: items.__setitem__(10, b"\1" * 40)),
        refit(lambda items: items.__setitem__(10, b"")),
        refit(lambda items: items.__setitem__(10, b"\xff" * 32)),
        refit(lambda items: items.__setitem__(11, b"")),
        refit(lambda items: items.__setitem__(8, [[b"\x11" * 20, []]])),
        refit(lambda items: items.__setitem__(1, b"\0")),
        refit(lambda items: items.__setitem__(5, [])),
    ],
)
async def test_whatever_else_came_back_is_refused(mutate: Callable[[bytes], bytes]) -> None:
    with pytest.raises(WrongSignature):
        compared(mutate(await raw_of(TRANSACTION)), TRANSACTION, ACCOUNT)
