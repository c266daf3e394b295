"""Devnets with one Arbitrum chain, on Arbitrum's own L1 contracts and on the stand-ins, and what tests do on them."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from tests.bytecode import creation
from tests.devnet_clocks import QUICK
from tests.devnet_user import User, events
from tests.waiting import until
from xl2.core.types import ChainId, Wei, address, hex_text
from xl2.errors import Reverted
from xl2_adapters.nitro.precompiles import NO_TICKET
from xl2_adapters.nitro.ticket import ETHER_DEPOSIT, EtherDeposit
from xl2_adapters.nitro.ticket import Ticket as Parsed
from xl2_adapters.rpc_wire import mapping, sequence
from xl2_devnet import Description, Options, packages
from xl2_devnet.abi import stand_in
from xl2_devnet.controls import Controls
from xl2_devnet.devnet import running
from xl2_devnet.devnet_file import ChainEntry
from xl2_devnet.nitro.genesis import PRECOMPILES
from xl2_devnet.toolchain import ANVIL, find

CHAIN = "arbitrum-a"
OWN, STAND_INS = "arbitrum's own", "stand-ins"
ETHER = 10**18
ALIAS_OFFSET = 0x1111000000000000000000000000000000001111
INBOX, BRIDGE, OUTBOX = stand_in("InboxStandIn"), stand_in("BridgeStandIn"), stand_in("OutboxStandIn")
ROLLUP, BATCHES = stand_in("RollupStandIn"), stand_in("SequencerInboxStandIn")
ARB_SYS, TICKETS = stand_in("ArbSys"), stand_in("ArbRetryableTx")
#: Refuses connections: nothing listens there.
NO_REGISTRY = "http://127.0.0.1:9"


@frozen(kw_only=True)
class NitroDevnet:
    """A running devnet, what was said while it started, and its levers."""

    description: Description
    controls: Controls
    said: tuple[str, ...]

    @property
    def rollup(self) -> Mapping[str, str]:
        return self.description.chain(CHAIN).rollup


@contextlib.contextmanager
def nitro_devnet(whose: str, folder: Path) -> Iterator[NitroDevnet]:
    """Start one; with `STAND_INS`, on a machine whose npm reaches no registry and whose cache is empty."""
    controls, said = Controls(), list[str]()
    with pytest.MonkeyPatch.context() as patch:
        if whose == STAND_INS:
            patch.setenv("XL2_ANVIL", str(find(ANVIL, os.environ)))
            patch.setenv("XDG_CACHE_HOME", str(folder))
            patch.setenv("npm_config_registry", NO_REGISTRY)
            # npm would ask thrice, seconds apart, somebody who is not there.
            patch.setattr(packages, "_PATIENCE", ("--fetch-retries=0",))
        with running(Options(l2=("arbitrum",), clocks=QUICK), say=said.append, controls=controls) as description:
            yield NitroDevnet(description=description, controls=controls, said=tuple(said))


def alias(address: str) -> str:
    return f"0x{(int(address, 16) + ALIAS_OFFSET) % 2**160:040x}"


@frozen(kw_only=True)
class Ticket:
    """A retryable ticket to be: what the inbox takes."""

    to: str
    refund: str
    value: int = 0
    gas: int = 100_000
    max_fee: int = 10**10
    data: bytes = b""
    submission: int = 10**15

    @property
    def calldata(self) -> bytes:
        return INBOX.call(
            "createRetryableTicket", self.to, self.value, self.submission, self.refund, self.refund, self.gas,
            self.max_fee, self.data,
        )  # fmt: skip

    @property
    def deposit(self) -> int:
        return self.submission + self.value + self.gas * self.max_fee


def ids_of(receipt: Mapping[str, Any], chain: ChainEntry) -> list[str]:
    """Hashes by which the chain knows what an L1 transaction told its inbox: tickets and ether deposits."""
    texts = {e.arguments["messageNum"]: e.arguments["data"] for e in events(receipt, INBOX, "InboxMessageDelivered")}
    ids = []
    for event in events(receipt, BRIDGE, "MessageDelivered"):
        told, number = event.arguments, event.arguments["messageIndex"]
        chain_id, sender = ChainId(chain.chain_id), address(told["sender"])
        if told["kind"] == ETHER_DEPOSIT:
            deposit = EtherDeposit.parse(texts[number], chain=chain_id, number=number, sender=sender)
            ids.append(hex_text(deposit.id))
        else:
            fee = Wei(told["baseFeeL1"])
            ticket = Parsed.parse(texts[number], chain=chain_id, number=number, sender=sender, base_fee=fee)
            ids.append(hex_text(ticket.id))
    return ids


async def logs(user: User, contract: str, topic: str) -> list[Mapping[str, Any]]:
    """All logs of a contract with this first topic."""
    query: Any = {"address": contract, "fromBlock": "0x0", "topics": [topic]}
    found = sequence(await user.rpc.call("eth_getLogs", query), user.chain.name)
    return [mapping(log, user.chain.name) for log in found]


async def retry_of(l2: User, submission: Mapping[str, Any]) -> Mapping[str, Any]:
    """Receipt of the try that a submission or a redeem scheduled, by its production hash."""
    (scheduled,) = events(submission, TICKETS, "RedeemScheduled")
    return await l2.receipt(hex_text(scheduled.arguments["retryTxHash"]))


async def timeout_of(l2: User, ticket_id: str) -> int | None:
    """When a ticket ends; None where there is none."""
    try:
        timeout: int = await l2.read(PRECOMPILES["ArbRetryableTx"], TICKETS, "getTimeout", bytes.fromhex(ticket_id[2:]))
    except Reverted as error:
        if error.data != NO_TICKET:
            raise
        return None
    return timeout


async def gone(l2: User, ticket_id: str) -> None:
    """Wait until there is no such ticket."""

    async def look() -> bool | None:
        return True if await timeout_of(l2, ticket_id) is None else None

    await until(look, f"the end of ticket {ticket_id}")


async def settled(l2: User, ticket_id: str) -> None:
    """Wait until no try of a ticket is under way."""
    request: Any = {
        "from": l2.address,
        "to": PRECOMPILES["ArbRetryableTx"],
        "data": "0x" + TICKETS.call("redeem", bytes.fromhex(ticket_id[2:])).hex(),
    }

    async def look() -> bool | None:
        try:
            await l2.rpc.call("eth_call", request, "latest")
        except Reverted:
            return None
        return True

    await until(look, f"ticket {ticket_id} to be redeemable")


async def sent(l1: User, nitro: NitroDevnet, ticket: Ticket) -> tuple[str, dict[str, Any]]:
    """Make a ticket; its id, and the receipt of L1."""
    receipt = await l1.send(nitro.rollup["inbox"], ticket.calldata, value=ticket.deposit, gas=1_000_000)
    (ticket_id,) = ids_of(receipt, nitro.description.chain(CHAIN))
    return ticket_id, dict(receipt)


def asking(selector: bytes) -> bytes:
    """Creates code that asks ArbSys and writes its answer to slot 0."""
    code = b"\x63" + selector + bytes.fromhex("60e01b600052" + "602060006004600060645afa50" + "60005160005500")
    return creation(code)
