"""
Reviews: one function for each call by which value leaves over the own bridge of an OP-Stack chain.

In: the transaction, the `Book`, decoded arguments. Out: a `Meaning`. Promise: who gets how much of what is a field of
it; that a plain call can cost the value is said. Calls that only move a crossing on (prove, finalize, replay) pay
nothing of the signer's but gas, and say so. Source: contracts-bedrock.
"""

from typing import Any, Final

from xl2.core.amounts import wei_and_ether
from xl2.core.types import Address, address, checksum
from xl2.ports import Amount, Book, Caution, Meaning, Reviews, Transaction, shown_bytes, unexpected_value

#: Nonce, sender, target, value, gas limit, data.
Withdrawal = tuple[int, str, str, int, int, bytes]

PORTAL: Final = "OptimismPortal"
MESSENGER: Final = "CrossDomainMessenger"
STANDARD_BRIDGE: Final = "StandardBridge"
MESSAGE_PASSER: Final = "L2ToL1MessagePasser"

_REPLAYED: Final = "If the recipient fails on the other chain, the messenger keeps message and value for another try."
_CALLED_ONCE: Final = Caution(
    code="CALLED_ONCE", text="The call is made once on the other chain; if it fails, it cannot be tried again."
)
_CREATES: Final = Caution(code="CREATES_CONTRACT", text="It creates a contract on the rollup; nobody is called.")


def _deposit(tx: Transaction, book: Book, *values: Any) -> Meaning:
    to, value, gas, creates, data = values
    return _crossing(
        tx,
        book,
        contract=PORTAL,
        call="depositTransaction",
        to=to,
        value=value,
        data=data,
        gas=gas,
        facts=(("ether that leaves the anchor", wei_and_ether(tx.value)),),
        on_failure="If the call fails on the rollup, its ether stays there with the sender's own account or its alias.",
        cautions=(_CALLED_ONCE, _CREATES) if creates else (_CALLED_ONCE,),
    )


def _initiate(tx: Transaction, book: Book, to: str, gas: int, data: bytes) -> Meaning:
    return _crossing(
        tx,
        book,
        contract=MESSAGE_PASSER,
        call="initiateWithdrawal",
        to=to,
        value=tx.value,
        data=data,
        gas=gas,
        on_failure="If the recipient fails on the anchor when it is finalized, the ether is lost.",
        cautions=(_CALLED_ONCE,),
    )


def _send(tx: Transaction, book: Book, to: str, data: bytes, gas: int) -> Meaning:
    return _crossing(
        tx,
        book,
        contract=MESSENGER,
        call="sendMessage",
        to=to,
        value=tx.value,
        data=data,
        gas=gas,
        on_failure=_REPLAYED,
    )


def _bridge_ether(tx: Transaction, book: Book, to: str, gas: int, data: bytes) -> Meaning:
    return _crossing(
        tx,
        book,
        contract=STANDARD_BRIDGE,
        call="bridgeETHTo",
        to=to,
        value=tx.value,
        data=data,
        gas=gas,
        on_failure=_REPLAYED,
    )


def _bridge_token(tx: Transaction, book: Book, *values: Any) -> Meaning:
    token, token_there, to, units, gas, data = values
    here = address(token)
    return _crossing(
        tx,
        book,
        contract=STANDARD_BRIDGE,
        call="bridgeERC20To",
        to=to,
        value=tx.value,
        data=data,
        gas=gas,
        on_failure=_REPLAYED,
        cautions=unexpected_value(tx),
        token=(here, units, book.units(tx.chain, here, units)),
        facts=(("token there", checksum(address(token_there))),),
    )


def _prove(tx: Transaction, book: Book, withdrawal: Withdrawal, index: int, _output: object, proof: object) -> Meaning:
    del proof
    return _moved(tx, book, "proveWithdrawalTransaction", f"Proves against root {index}", withdrawal)


def _finalize(tx: Transaction, book: Book, withdrawal: Withdrawal) -> Meaning:
    return _moved(tx, book, "finalizeWithdrawalTransaction", "Brings out", withdrawal)


def _finalize_for(tx: Transaction, book: Book, withdrawal: Withdrawal, prover: str) -> Meaning:
    what = f"Brings out, as {checksum(address(prover))} proved it,"
    return _moved(tx, book, "finalizeWithdrawalTransactionExternalProof", what, withdrawal)


def _relay(tx: Transaction, book: Book, *values: Any) -> Meaning:
    nonce, sender, target, value, gas, data = values
    withdrawal = (nonce, sender, target, value, gas, data)
    return _moved(tx, book, "relayMessage", "Tries once more", withdrawal, contract=MESSENGER)


def _moved(
    tx: Transaction, book: Book, call: str, what: str, withdrawal: Withdrawal, *, contract: str = PORTAL
) -> Meaning:
    _, sender, target, value, _, data = withdrawal
    recipient = address(target)
    return Meaning(
        contract=contract,
        call=call,
        summary=f"{what} what {checksum(address(sender))} sent over the rollup's own bridge.",
        facts=(
            ("is called", book.account(tx.chain, recipient)),
            ("with", f"{wei_and_ether(value)} that were sent along, and {shown_bytes(data)}"),
        ),
        recipient=recipient,
        cautions=unexpected_value(tx),
    )


def _crossing(
    tx: Transaction,
    book: Book,
    *,
    contract: str,
    call: str,
    to: str,
    value: int,
    data: bytes,
    gas: int,
    on_failure: str,
    cautions: tuple[Caution, ...] = (),
    token: tuple[Address, int, str] | None = None,
    facts: tuple[tuple[str, str], ...] = (),
) -> Meaning:
    recipient = address(to)
    what = wei_and_ether(value) if token is None else token[2]
    units, asset = (value, None) if token is None else (token[1], token[0])
    return Meaning(
        contract=contract,
        call=call,
        summary=f"Sends {what} from {book.chain(tx.chain)} over the rollup's own bridge to {checksum(recipient)}.",
        facts=(
            ("recipient on the other chain", checksum(recipient)),
            *facts,
            ("data", shown_bytes(data)),
            ("gas on the other chain", str(gas)),
        ),
        amounts=(Amount(token=asset, units=units, to=recipient),),
        recipient=recipient,
        on_failure=on_failure,
        cautions=cautions,
    )


_WITHDRAWAL: Final = "(uint256,address,address,uint256,uint256,bytes)"
REVIEWS: Final = Reviews(
    readers={
        (
            PORTAL,
            f"proveWithdrawalTransaction({_WITHDRAWAL},uint256,(bytes32,bytes32,bytes32,bytes32),bytes[])",
        ): _prove,
        (PORTAL, f"finalizeWithdrawalTransaction({_WITHDRAWAL})"): _finalize,
        (PORTAL, f"finalizeWithdrawalTransactionExternalProof({_WITHDRAWAL},address)"): _finalize_for,
        (MESSENGER, "relayMessage(uint256,address,address,uint256,uint256,bytes)"): _relay,
        (PORTAL, "depositTransaction(address,uint256,uint64,bool,bytes)"): _deposit,
        (MESSAGE_PASSER, "initiateWithdrawal(address,uint256,bytes)"): _initiate,
        (MESSENGER, "sendMessage(address,bytes,uint32)"): _send,
        (STANDARD_BRIDGE, "bridgeETHTo(address,uint32,bytes)"): _bridge_ether,
        (STANDARD_BRIDGE, "bridgeERC20To(address,address,address,uint256,uint32,bytes)"): _bridge_token,
    },
    anchor_roles={
        "portal": PORTAL,
        "l1_cross_domain_messenger": MESSENGER,
        "l1_standard_bridge": STANDARD_BRIDGE,
    },
    fixed_roles={
        address("0x4200000000000000000000000000000000000007"): MESSENGER,
        address("0x4200000000000000000000000000000000000010"): STANDARD_BRIDGE,
        address("0x4200000000000000000000000000000000000016"): MESSAGE_PASSER,
    },
)
