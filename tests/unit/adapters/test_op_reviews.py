"""What a person sees before value leaves over a rollup's own bridge."""

from typing import Any

import pytest
from eth_abi import encode

from tests.unit.wallet.forms import selectors
from tests.unit.wallet.scene import call
from xl2.core.hashing import keccak
from xl2.core.types import Address, Wei, checksum
from xl2.wallet import Book, Meaning
from xl2.wallet.decode import decode, forms
from xl2_adapters.op_stack.reviews import MESSAGE_PASSER, MESSENGER, PORTAL, REVIEWS, STANDARD_BRIDGE
from xl2_devnet.abi import op_stack

HERE, TO, TOKEN, THERE = (Address(bytes([place]) * 20) for place in (0x11, 0x22, 0x33, 0x44))


def read(role: str, signature: str, *values: Any, value: int = 0) -> Meaning:
    types = signature[signature.index("(") + 1 : -1].split(",")
    shown = [checksum(Address(one)) if isinstance(one, bytes) and len(one) == 20 else one for one in values]
    transaction = call(to=HERE, data=keccak(signature.encode())[:4] + encode(types, shown), value=Wei(value))
    return decode(transaction, Book(roles={(transaction.chain, HERE): role}, families=(REVIEWS,)))


@pytest.mark.parametrize(
    ("role", "signature", "values", "token", "units"),
    [
        (PORTAL, "depositTransaction(address,uint256,uint64,bool,bytes)", (TO, 7, 21_000, False, b"x"), None, 7),
        (MESSAGE_PASSER, "initiateWithdrawal(address,uint256,bytes)", (TO, 21_000, b""), None, 9),
        (MESSENGER, "sendMessage(address,bytes,uint32)", (TO, b"hello", 100_000), None, 9),
        (STANDARD_BRIDGE, "bridgeETHTo(address,uint32,bytes)", (TO, 200_000, b""), None, 9),
        (
            STANDARD_BRIDGE,
            "bridgeERC20To(address,address,address,uint256,uint32,bytes)",
            (TOKEN, THERE, TO, 55, 200_000, b""),
            TOKEN,
            55,
        ),
    ],
)
def test_a_review_says_who_gets_how_much_of_what(
    role: str, signature: str, values: tuple[Any, ...], token: Address | None, units: int
) -> None:
    meaning = read(role, signature, *values, value=9)

    (amount,) = meaning.amounts
    assert (meaning.contract, meaning.call) == (role, signature.partition("(")[0])
    assert (amount.token, amount.units, amount.to) == (token, units, TO)
    assert (f"{units} wei" if token is None else f"{units} units of token {checksum(token)}") in meaning.summary
    assert checksum(TO) in meaning.summary


def test_what_is_called_once_only_is_cautioned() -> None:
    plain = read(MESSAGE_PASSER, "initiateWithdrawal(address,uint256,bytes)", TO, 21_000, b"", value=1)
    relayed = read(MESSENGER, "sendMessage(address,bytes,uint32)", TO, b"", 100_000, value=1)

    assert [caution.code for caution in plain.cautions] == ["CALLED_ONCE"]
    assert "lost" in plain.on_failure
    assert relayed.cautions == ()


def test_value_beside_tokens_is_cautioned() -> None:
    signature = "bridgeERC20To(address,address,address,uint256,uint32,bytes)"

    meaning = read(STANDARD_BRIDGE, signature, TOKEN, THERE, TO, 1, 200_000, b"", value=1)

    assert [caution.code for caution in meaning.cautions] == ["UNEXPECTED_VALUE"]


@pytest.mark.parametrize(
    ("role", "signature", "extra", "said"),
    [
        (PORTAL, "finalizeWithdrawalTransaction", "", "Brings out"),
        (PORTAL, "finalizeWithdrawalTransactionExternalProof", ",address", f"as {checksum(THERE)} proved it"),
        (PORTAL, "proveWithdrawalTransaction", ",uint256,(bytes32,bytes32,bytes32,bytes32),bytes[]", "root 3"),
    ],
)
def test_what_only_moves_a_crossing_on_says_who_is_called_and_pays_nothing(
    role: str, signature: str, extra: str, said: str
) -> None:
    withdrawal = (1, checksum(HERE), checksum(TO), 77, 21_000, b"x")
    more: dict[str, tuple[Any, ...]] = {
        "": (),
        ",address": (checksum(THERE),),
    }
    values = (withdrawal, *more.get(extra, (3, (bytes(32),) * 4, [b"node"])))
    types = ["(uint256,address,address,uint256,uint256,bytes)"]
    types += {"": [], ",address": ["address"]}.get(extra, ["uint256", "(bytes32,bytes32,bytes32,bytes32)", "bytes[]"])
    selector = keccak(f"{signature}({','.join(types)})".encode())[:4]
    transaction = call(to=HERE, data=selector + encode(types, values))

    meaning = decode(transaction, Book(roles={(transaction.chain, HERE): role}, families=(REVIEWS,)))

    assert (meaning.contract, meaning.call, meaning.amounts) == (role, signature, ())
    assert said in meaning.summary
    assert meaning.recipient == TO
    assert any("77 wei" in fact for _, fact in meaning.facts)


def test_a_replay_says_who_is_called() -> None:
    signature = "relayMessage(uint256,address,address,uint256,uint256,bytes)"

    meaning = read(MESSENGER, signature, 1, THERE, TO, 5, 200_000, b"hello")

    assert (meaning.call, meaning.recipient, meaning.cautions) == ("relayMessage", TO, ())
    assert checksum(THERE) in meaning.summary


FORMS = set(forms((REVIEWS,))) - set(forms())


@pytest.mark.parametrize(
    ("role", "selector"), sorted(FORMS), ids=lambda part: part if isinstance(part, str) else part.hex()
)
def test_every_form_is_a_function_of_the_contract(role: str, selector: bytes) -> None:
    artifacts = {
        PORTAL: "OptimismPortal2",
        MESSENGER: "L1CrossDomainMessenger",
        STANDARD_BRIDGE: "L2StandardBridge",
        MESSAGE_PASSER: "L2ToL1MessagePasser",
    }

    assert selector in selectors(op_stack(artifacts[role]).abi)
