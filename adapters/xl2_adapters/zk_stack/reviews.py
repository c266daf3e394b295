"""
Reviews: one function for each call by which value leaves over the own bridge of a ZK-stack chain, or comes out of it.

In: the transaction, the `Book`, decoded arguments. Out: a `Meaning`. Promise: who gets how much of what, and at most
how much the rollup's gas costs, are fields of it; what a proven message pays is read from the very message. Both eras
of the contracts (`eras`) are known. Sources: @matterlabs/zksync-contracts 0.6.1 and 29.0.0.
"""

from typing import Any, Final

from xl2.core.amounts import wei_and_ether
from xl2.core.types import Address, ChainId, address, checksum, hex_text
from xl2.ports import Amount, Book, Caution, Meaning, Reviews, Transaction, shown_bytes, unexpected_value
from xl2_adapters.zk_stack.logs import BASE_TOKEN

DIAMOND: Final = "ZkDiamond"
BRIDGEHUB: Final = "Bridgehub"
NULLIFIER: Final = "L1Nullifier"
TOKENS_ON_L1: Final = "L1ERC20Bridge"
TOKENS_ON_ROLLUP: Final = "L2ERC20Bridge"
ETHER: Final = "L2EthToken"

_FAILS_ONCE: Final = "If the call fails on the rollup, its ether is there, with the refund's recipient."
_TAKEN_BACK: Final = "If it fails on the rollup, the tokens can be taken back here with a proof of that."
_PAID_OUT: Final = "Once its batch is executed, anybody may have it paid out."
_STAYS: Final = "If it cannot be paid out now, it can be tried again."
_CALLED_ONCE: Final = Caution(
    code="CALLED_ONCE", text="The call is made once on the rollup; if it fails, it cannot be tried again."
)
#: selector 4 ‖ recipient 20 ‖ amount 32, and with a token's address 20 before the amount.
_ETHER_MESSAGE, _TOKEN_MESSAGE = 56, 76


def _request(tx: Transaction, book: Book, *values: Any) -> Meaning:
    to, value, data, gas, _, _, refund = values
    return _down(
        tx, book, contract=DIAMOND, call="requestL2Transaction", to=to, value=value, data=data, gas=gas, refund=refund
    )


def _request_by_hub(tx: Transaction, book: Book, asked: tuple[Any, ...]) -> Meaning:
    chain, _, to, value, data, gas, _, _, refund = asked
    return _down(
        tx,
        book,
        contract=BRIDGEHUB,
        call="requestL2TransactionDirect",
        to=to,
        value=value,
        data=data,
        gas=gas,
        refund=refund,
        facts=(("rollup", f"{book.chain(ChainId(chain))} ({chain})"),),
    )


def _down(
    tx: Transaction,
    book: Book,
    *,
    contract: str,
    call: str,
    to: str,
    value: int,
    data: bytes,
    gas: int,
    refund: str,
    facts: tuple[tuple[str, str], ...] = (),
) -> Meaning:
    recipient = address(to)
    return Meaning(
        contract=contract,
        call=call,
        summary=f"Sends {wei_and_ether(value)} from {book.chain(tx.chain)} over the rollup's own bridge "
        f"to {checksum(recipient)}, for {wei_and_ether(max(0, tx.value - value))} at most.",
        facts=(
            ("recipient on the rollup", checksum(recipient)),
            *facts,
            ("data", shown_bytes(data)),
            ("gas on the rollup", str(gas)),
            ("what is left is refunded to", checksum(address(refund))),
        ),
        amounts=(Amount(token=None, units=value, to=recipient),),
        recipient=recipient,
        fee_wei=type(tx.value)(max(0, tx.value - value)),
        on_failure=_FAILS_ONCE,
        cautions=(_CALLED_ONCE,),
    )


def _tokens_down(tx: Transaction, book: Book, *values: Any) -> Meaning:
    to, token, units, gas, _, refund = values
    here, recipient = address(token), address(to)
    return Meaning(
        contract=TOKENS_ON_L1,
        call="deposit",
        summary=f"Sends {book.units(tx.chain, here, units)} from {book.chain(tx.chain)} over the rollup's own bridge "
        f"to {checksum(recipient)}, for {wei_and_ether(tx.value)} at most.",
        facts=(
            ("recipient on the rollup", checksum(recipient)),
            ("gas on the rollup", str(gas)),
            ("what is left is refunded to", checksum(address(refund))),
        ),
        amounts=(Amount(token=here, units=units, to=recipient),),
        recipient=recipient,
        fee_wei=tx.value,
        on_failure=_TAKEN_BACK,
    )


def _ether_up(tx: Transaction, book: Book, to: str) -> Meaning:
    recipient = address(to)
    return Meaning(
        contract=ETHER,
        call="withdraw",
        summary=f"Sends {wei_and_ether(tx.value)} from {book.chain(tx.chain)} over the rollup's own bridge "
        f"to {checksum(recipient)}.",
        facts=(("recipient on the anchor", checksum(recipient)),),
        amounts=(Amount(token=None, units=tx.value, to=recipient),),
        recipient=recipient,
        on_failure=_PAID_OUT,
    )


def _tokens_up(tx: Transaction, book: Book, to: str, token: str, units: int) -> Meaning:
    here, recipient = address(token), address(to)
    return Meaning(
        contract=TOKENS_ON_ROLLUP,
        call="withdraw",
        summary=f"Sends {book.units(tx.chain, here, units)} from {book.chain(tx.chain)} over the rollup's own bridge "
        f"to {checksum(recipient)}.",
        facts=(("recipient on the anchor", checksum(recipient)),),
        amounts=(Amount(token=here, units=units, to=recipient),),
        recipient=recipient,
        on_failure=_PAID_OUT,
        cautions=unexpected_value(tx),
    )


def _ether_out(tx: Transaction, book: Book, *values: Any) -> Meaning:
    batch, _, _, message, _ = values
    return _out(tx, book, DIAMOND, "finalizeEthWithdrawal", batch=batch, message=message)


def _tokens_out(tx: Transaction, book: Book, *values: Any) -> Meaning:
    batch, _, _, message, _ = values
    return _out(tx, book, TOKENS_ON_L1, "finalizeWithdrawal", batch=batch, message=message)


def _out_today(tx: Transaction, book: Book, shown: tuple[Any, ...]) -> Meaning:
    _, batch, _, _, _, message, _ = shown
    return _out(tx, book, NULLIFIER, "finalizeDeposit", batch=batch, message=message)


def _out(tx: Transaction, book: Book, contract: str, call: str, *, batch: int, message: bytes) -> Meaning:
    recipient, what = None, "what its message says"
    if len(message) == _ETHER_MESSAGE:
        recipient, what = Address(message[4:24]), wei_and_ether(int.from_bytes(message[24:]))
    if len(message) == _TOKEN_MESSAGE:
        units = int.from_bytes(message[44:])
        recipient, what = Address(message[4:24]), book.units(tx.chain, Address(message[24:44]), units)
    to = "" if recipient is None else f" to {checksum(recipient)}"
    return Meaning(
        contract=contract,
        call=call,
        summary=f"Has {what} paid out{to} on {book.chain(tx.chain)}, as a message in batch {batch} of the rollup says.",
        facts=(("message", shown_bytes(message, most=_TOKEN_MESSAGE)),),
        recipient=recipient,
        on_failure=_STAYS,
        cautions=unexpected_value(tx),
    )


def _take_back(tx: Transaction, book: Book, *values: Any) -> Meaning:
    sender, token, operation, batch, *_ = values
    recipient = address(sender)
    return Meaning(
        contract=TOKENS_ON_L1,
        call="claimFailedDeposit",
        summary=f"Takes tokens {checksum(address(token))} of a deposit that failed in batch {batch} back on "
        f"{book.chain(tx.chain)}, to {checksum(recipient)}.",
        facts=(("operation", hex_text(operation)),),
        recipient=recipient,
        on_failure=_STAYS,
        cautions=unexpected_value(tx),
    )


_PROVEN: Final = "(uint256,uint256,uint16,bytes,bytes32[])"
REVIEWS: Final = Reviews(
    readers={
        (DIAMOND, "requestL2Transaction(address,uint256,bytes,uint256,uint256,bytes[],address)"): _request,
        (DIAMOND, f"finalizeEthWithdrawal{_PROVEN}"): _ether_out,
        (
            BRIDGEHUB,
            "requestL2TransactionDirect((uint256,uint256,address,uint256,bytes,uint256,uint256,bytes[],address))",
        ): _request_by_hub,
        (NULLIFIER, "finalizeDeposit((uint256,uint256,uint256,address,uint16,bytes,bytes32[]))"): _out_today,
        (TOKENS_ON_L1, "deposit(address,address,uint256,uint256,uint256,address)"): _tokens_down,
        (TOKENS_ON_L1, f"finalizeWithdrawal{_PROVEN}"): _tokens_out,
        (TOKENS_ON_L1, "claimFailedDeposit(address,address,bytes32,uint256,uint256,uint16,bytes32[])"): _take_back,
        (TOKENS_ON_ROLLUP, "withdraw(address,address,uint256)"): _tokens_up,
        (ETHER, "withdraw(address)"): _ether_up,
    },
    anchor_roles={
        "diamond": DIAMOND,
        "bridgehub": BRIDGEHUB,
        "l1_nullifier": NULLIFIER,
        "l1_bridge": TOKENS_ON_L1,
    },
    rollup_roles={"l2_bridge": TOKENS_ON_ROLLUP},
    fixed_roles={BASE_TOKEN: ETHER},
)
