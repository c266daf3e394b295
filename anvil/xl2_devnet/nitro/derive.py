"""
Nitro derivation: messages of L1's delayed inbox become transactions of the L2, as the emulated ArbOS takes them.

L1 blocks come in by their hash, raw type 0x7E transactions go out, each with the hash by which a real chain would know
it. Promise: every message of the inbox is executed once, in order: ether deposits (12), retryable tickets (9),
transactions of contracts and of accounts that do not sign (3, 7), and signed ones (3), which a sequencer that left them
out could be forced to take. What a message holds is checked against the hash that the bridge committed to.

ArbOS makes a ticket and tries it in one block. Here a try is a transaction of its own in the next block, and its
outcome is settled in the one after: `follow_ups` finds both by what the block holds and `ArbRetryableTx` keeps.
Source: nitro-contracts 3.2.0, `MessageTypes.sol`; Arbitrum's documentation of ArbOS' transaction types.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eth_abi import decode
from eth_utils import keccak

from xl2.core.types import Address, ChainId, Wei
from xl2.errors import Incident, ProofInvalid
from xl2_adapters.nitro.ticket import ETHER_DEPOSIT, SUBMIT_RETRYABLE, EtherDeposit, Ticket
from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import Json, data, mapping, quantity, sequence
from xl2_devnet.abi import Contract, Event, stand_in
from xl2_devnet.nitro.genesis import PRECOMPILES
from xl2_devnet.nitro.message import Spoken, given_gas, least_gas, spoken
from xl2_devnet.origin import L1Origin, Told
from xl2_devnet.system_transaction import SystemTransaction, system_transaction

_ARB_OS = stand_in("ArbOS")
_TICKETS = stand_in("ArbRetryableTx")
_BRIDGE = stand_in("BridgeStandIn")
_INBOX = stand_in("InboxStandIn")

_L2_MESSAGE, _FUNDED_BY_L1 = 3, 7
#: ArbOS' own senders: nobody has their keys. One for each purpose and message, as anvil's pool takes one a block.
_SENDERS = 0xA4B05 << 32
_SETTLING = 1 << 31
_OPENING_GAS = 1_000_000
_SUBMIT_GAS, _SUBMIT_GAS_A_BYTE = 1_000_000, 800
_SETTLE_GAS = 1_000_000
_DEPOSIT_GAS = 100_000
_ZERO = "0x" + "00" * 20
_SELECTOR = 4
#: Arguments of ArbOS.begin.
_BEGIN = ("uint64", "bytes32", "uint64", "uint256")
#: Members of ArbRetryableTx.Try.
_TRY = (
    "ticketId", "from", "to", "gas", "returned", "value", "data", "gasPrice", "refundTo", "boughtGas", "submissionFee",
)  # fmt: skip


class NitroDerivation:
    """What L1 blocks become on one Nitro chain."""

    def __init__(self, *, l1: RpcClient, l2: RpcClient, chain_id: int, bridge: str, inbox: str) -> None:
        """`bridge`, `inbox`: the chain's contracts on L1."""
        self._l1, self._l2 = l1, l2
        self._chain = ChainId(chain_id)
        self._bridge, self._inbox = bridge.lower(), inbox.lower()

    def opening(self, origin: L1Origin, sequence_number: int) -> SystemTransaction:
        """What ArbOS begins a block with: the L1 block, and the end of tickets whose time is over."""
        block_hash = bytes.fromhex(origin.hash[2:])
        return system_transaction(
            keccak(b"begin" + block_hash + sequence_number.to_bytes(8)),
            sender=_sender(0),
            to=PRECOMPILES["ArbOS"],
            gas=_OPENING_GAS,
            data=_ARB_OS.call("begin", origin.number, block_hash, sequence_number, origin.base_fee),
        )

    def told(self, transaction: Mapping[str, Any]) -> Told | None:
        """Read an opening back from its calldata."""
        if transaction["from"].lower() != _sender(0) or (transaction["to"] or "").lower() != PRECOMPILES["ArbOS"]:
            return None
        number, block_hash, sequence_number, _ = decode(_BEGIN, data(transaction["input"], self._l2.name)[_SELECTOR:])
        return Told(number=number, hash="0x" + block_hash.hex(), sequence_number=sequence_number)

    async def deposits(self, origin: L1Origin) -> Sequence[SystemTransaction]:
        """The messages that the bridge took in this L1 block."""
        query: Json = {
            "blockHash": origin.hash,
            "address": [self._bridge, self._inbox],
            "topics": [
                [
                    _BRIDGE.topic("MessageDelivered"),
                    _INBOX.topic("InboxMessageDelivered"),
                    _INBOX.topic("InboxMessageDeliveredFromOrigin"),
                ]
            ],
        }
        logs = [
            mapping(log, self._l1.name) for log in sequence(await self._l1.call("eth_getLogs", query), self._l1.name)
        ]
        contents = {event.arguments["messageNum"]: await self._content(event, log) for log, event in _of(_INBOX, logs)}
        derived: list[SystemTransaction] = []
        for _, event in _of(_BRIDGE, logs):
            delivered = event.arguments
            # Of other inboxes come what the chain began with and what batches cost: nobody's transactions.
            if delivered["inbox"].lower() == self._inbox:
                content = contents.get(delivered["messageIndex"])
                if content is None or keccak(content) != delivered["messageDataHash"]:
                    raise Incident(f"L1 does not hold what message {delivered['messageIndex']} of the inbox is")
                derived += await self._transactions(delivered, content)
        return derived

    async def follow_ups(self, block: Mapping[str, Any]) -> Sequence[SystemTransaction]:
        """Tries that the block scheduled, and the settlement of those that it holds."""
        query: Json = {
            "blockHash": block["hash"],
            "address": PRECOMPILES["ArbRetryableTx"],
            "topics": [_TICKETS.topic("RedeemScheduled")],
        }
        found = sequence(await self._l2.call("eth_getLogs", query), self._l2.name)
        logs = [mapping(log, self._l2.name) for log in found]
        scheduled = [event.arguments["retryTxHash"] for _, event in _of(_TICKETS, logs)]
        tries = [_retry(name, await self._try(name, block["number"])) for name in scheduled]
        return [*await self._settlements(block), *tries]

    async def _settlements(self, block: Mapping[str, Any]) -> list[SystemTransaction]:
        answers = await self._l2.batch(
            [Call("eth_getTransactionByHash", (tx_hash,)) for tx_hash in block["transactions"]]
        )
        sources = {
            transaction["hash"]: data(transaction["sourceHash"], self._l2.name)
            for transaction in (mapping(answer, self._l2.name) for answer in answers)
            if "sourceHash" in transaction
        }
        made: list[SystemTransaction] = []
        # What a try is known by on a real chain is the source of the transaction that makes it here.
        for tx_hash, name in sources.items():
            tried = await self._try(name, block["number"])
            if any(tried["ticketId"]):
                receipt = mapping(await self._l2.call("eth_getTransactionReceipt", tx_hash), self._l2.name)
                success = quantity(receipt["status"], self._l2.name) == 1
                gas_used = quantity(receipt["gasUsed"], self._l2.name)
                made += _settlement(name, tried, success=success, gas_used=gas_used)
        return made

    async def _try(self, name: bytes, block_number: str) -> Mapping[str, Any]:
        request: Json = {
            "from": _ZERO,
            "to": PRECOMPILES["ArbRetryableTx"],
            "data": _hex(_TICKETS.call("tryOf", name)),
        }
        answer = data(await self._l2.call("eth_call", request, block_number), self._l2.name)
        (values,) = _TICKETS.result("tryOf", answer)
        return dict(zip(_TRY, values, strict=True))

    async def _content(self, event: Event, log: Mapping[str, Any]) -> bytes:
        if event.name == "InboxMessageDelivered":
            content: bytes = event.arguments["data"]
            return content
        # Told only by the transaction itself, which calls the inbox directly.
        transaction = mapping(await self._l1.call("eth_getTransactionByHash", log["transactionHash"]), self._l1.name)
        (content,) = decode(["bytes"], data(transaction["input"], self._l1.name)[_SELECTOR:])
        return bytes(content)

    async def _transactions(self, delivered: Mapping[str, Any], content: bytes) -> list[SystemTransaction]:
        number, sender = delivered["messageIndex"], Address(bytes.fromhex(delivered["sender"][2:]))
        kind = delivered["kind"]
        try:
            if kind == ETHER_DEPOSIT:
                return [_ether(EtherDeposit.parse(content, chain=self._chain, number=number, sender=sender))]
            if kind == SUBMIT_RETRYABLE:
                fee = Wei(delivered["baseFeeL1"])
                return [
                    _submission(Ticket.parse(content, chain=self._chain, number=number, sender=sender, base_fee=fee))
                ]
        except ProofInvalid as error:
            # The inbox packs these itself: it is another contract than it seems.
            raise Incident(f"message {number} of the inbox of L1 is malformed: {error.what}") from error
        if kind in (_L2_MESSAGE, _FUNDED_BY_L1):
            asked = spoken(content, chain=self._chain, number=number, sender=sender, funded=kind == _FUNDED_BY_L1)
            if asked is not None and await self._is_next(asked) and asked.transaction is not None:
                return [asked.transaction]
        return []

    async def _is_next(self, asked: Spoken) -> bool:
        """Whether the account's next transaction has this nonce; others are dropped, as any node drops them."""
        if asked.tx_nonce is None:
            return True
        counted = await self._l2.call("eth_getTransactionCount", "0x" + asked.sender.hex(), "latest")
        return quantity(counted, self._l2.name) == asked.tx_nonce


def _ether(deposit: EtherDeposit) -> SystemTransaction:
    """Credit ether. Not from the sender, whose nonce on the L2 would rise by it."""
    return system_transaction(
        deposit.id,
        sender=_sender(1 + deposit.number),
        to=_hex(deposit.to),
        mint=deposit.value,
        value=deposit.value,
        gas=_DEPOSIT_GAS,
        aliases=(_hex(deposit.id),),
    )


def _submission(ticket: Ticket) -> SystemTransaction:
    """Make a ticket. All ether of its deposit goes through the contract that shares it out."""
    # What cannot even begin is not tried, and what the emulated contract is told to try, anvil must take.
    gas = ticket.gas_limit if ticket.gas_limit >= least_gas(ticket.data, creation=not any(ticket.to)) else 0
    submission = (
        ticket.id, _hex(ticket.sender), _hex(ticket.to), ticket.call_value, ticket.max_submission_fee,
        _hex(ticket.excess_refund), _hex(ticket.call_value_refund), gas, ticket.max_fee, ticket.data,
    )  # fmt: skip
    return system_transaction(
        ticket.id,
        sender=_sender(1 + ticket.number),
        to=PRECOMPILES["ArbRetryableTx"],
        mint=ticket.deposit,
        value=ticket.deposit,
        gas=_SUBMIT_GAS + _SUBMIT_GAS_A_BYTE * len(ticket.data),
        data=_TICKETS.call("submit", submission),
        aliases=(_hex(ticket.id),),
    )


def _retry(name: bytes, tried: Mapping[str, Any]) -> SystemTransaction:
    """The try itself: the sender's call, with the value that the ticket held for it."""
    to = None if tried["to"] == _ZERO else tried["to"]
    return system_transaction(
        name,
        sender=tried["from"],
        to=to,
        value=tried["value"],
        gas=given_gas(tried["gas"], tried["data"], creation=to is None),
        data=tried["data"],
        aliases=(_hex(name),),
    )


def _settlement(name: bytes, tried: Mapping[str, Any], *, success: bool, gas_used: int) -> list[SystemTransaction]:
    """What follows a try: its value back to the ticket if it failed, and the end of either."""
    settle = system_transaction(
        keccak(b"settle" + name),
        sender=_sender(_SETTLING + int.from_bytes(name[:3])),
        to=PRECOMPILES["ArbRetryableTx"],
        gas=_SETTLE_GAS,
        data=_TICKETS.call("settle", name, success, gas_used),
    )
    if success:
        return [settle]
    give_back = system_transaction(
        keccak(b"give back" + name),
        sender=tried["from"],
        to=PRECOMPILES["ArbRetryableTx"],
        value=tried["value"],
        gas=_SETTLE_GAS,
        data=_TICKETS.call("giveBack", name),
    )
    return [give_back, settle]


def _of(contract: Contract, logs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Event]]:
    """Those of the logs that are events of the contract, with the event."""
    for log in logs:
        event = contract.event(log)
        if event is not None:
            yield log, event


def _sender(purpose: int) -> str:
    return f"0x{_SENDERS + purpose:040x}"


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
