"""
Mirror: the model's calls, made on the real contracts on two anvils, and what they say afterwards.

Comes in: a `Call` of tests/property/protocol_world.py. Goes out: a transaction at the model's own second, and whether
it was accepted; then the contracts' state in the model's words. Promise: what contracts decide is not computed here.
Both verifiers are `AttestedHeads` with our keys: number 0 of class attested, number 128 in the place of a proof, since
the rules that are compared here only know a verifier's class.
"""

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from attrs import field, frozen
from eth_account import Account

from tests.integration.node import Node
from tests.property.callers import ACCOUNTS, RECIPIENTS, SENDERS
from tests.property.protocol_model import Evidence, Mood
from tests.property.protocol_world import (
    ATTESTER,
    BEFORE,
    NOTARY,
    START,
    AddFee,
    Call,
    Claim,
    Deliver,
    Expire,
    Lanes,
    PauseLane,
    PauseVerifier,
    ReinstateVerifier,
    ResumeLane,
    Retry,
    Send,
    SetMood,
    SetPolicy,
    Settle,
    Show,
    Side,
    World,
    first_message,
    log_heard,
    side_of,
)
from xl2.core.attestation import Attestation, AttestedProof, Signature
from xl2.core.evidence import VerifierMask, VerifierNumber, inline
from xl2.core.hashing import keccak
from xl2.core.interop import InteropAddress
from xl2.core.lane import PAGE_SIZE, Lane
from xl2.core.message import Message
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Assurance, BlockNumber, ChainId, address, checksum, hash32, hex_text
from xl2_devnet.abi import xl2

CHAINS = {Side.ORIGIN: ChainId(901), Side.DESTINATION: ChainId(902)}
OWNER = address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
GAS = 12_000_000
_KEYS = {ATTESTER: (b"\1" * 32, b"\2" * 32), NOTARY: (b"\3" * 32,)}

# A recipient of no language: reverts while slot 0 is zero, else counts the id in the slot of that name and takes it.
#   PUSH0 SLOAD PUSH1 8 JUMPI PUSH0 PUSH0 REVERT
#   JUMPDEST PUSH1 4 CALLDATALOAD DUP1 SLOAD PUSH1 1 ADD SWAP1 SSTORE
#   PUSH4 selector PUSH1 224 SHL PUSH0 MSTORE PUSH1 32 PUSH0 RETURN
_SELECTOR = keccak(b"receiveMessage(bytes32,bytes,bytes)")[:4].hex()
_RECIPIENT = f"0x5f54600857 5f5ffd 5b60043580546001019055 63{_SELECTOR}60e01b5f52 60205ff3".replace(" ", "")


@frozen(kw_only=True)
class Contracts:
    """Where xl2's contracts stand on one chain."""

    guard: Address
    heads: Address
    #: The outbox on the origin, the inbox on the destination.
    end: Address
    verifiers: Mapping[VerifierNumber, Address]


@frozen
class Mirror:
    """The two chains."""

    nodes: Mapping[Side, Node]
    contracts: Mapping[Side, Contracts]
    lanes: Lanes
    _base: dict[Side, str] = field(factory=dict, init=False)
    _final: dict[Side, str] = field(factory=dict, init=False)

    @classmethod
    def deploy(cls, nodes: Mapping[Side, Node]) -> "Mirror":
        """Deploy and link everything, and send the messages that stand in front of each lane."""
        contracts = {side: _deploy(side, node) for side, node in nodes.items()}
        lanes = {
            assurance: Lane(
                origin=CHAINS[Side.ORIGIN],
                outbox=contracts[Side.ORIGIN].end,
                destination=CHAINS[Side.DESTINATION],
                inbox=contracts[Side.DESTINATION].end,
                assurance=assurance,
            )
            for assurance in (Assurance.ATTESTED, Assurance.SETTLED)
        }
        mirror = cls(nodes, contracts, lanes)
        mirror._link()
        mirror._send_first_messages()
        for side in Side:
            mirror._base[side] = nodes[side].ask("evm_snapshot")
        return mirror

    def reset(self) -> None:
        """Back to how `deploy` left it."""
        for side, node in self.nodes.items():
            node.ask("evm_revert", self._base[side])
            self._base[side] = node.ask("evm_snapshot")
            self._final[side] = node.ask("evm_snapshot")

    def finalize(self, side: Side) -> None:
        self._final[side] = self.nodes[side].ask("evm_snapshot")

    def take_back(self, side: Side) -> None:
        self.nodes[side].ask("evm_revert", self._final[side])
        self._final[side] = self.nodes[side].ask("evm_snapshot")

    def do(self, call: Call, now: int) -> bool:  # noqa: C901, PLR0912 - one case a call
        """Make the call in a block of its own at second `now`; whether it was accepted."""
        side = side_of(call)
        here, node = self.contracts[side], self.nodes[side]
        heads, guard, end = xl2("Heads"), xl2("Guard"), xl2("Outbox" if side is Side.ORIGIN else "Inbox")
        lane: Lane
        match call:
            case SetMood(recipient=recipient, mood=mood):
                _set_mood(node, recipient, mood)
                return True
            case Send(message=message):
                transaction = _send(here.end, message)
            case AddFee(lane=lane, nonce=nonce, amount=amount):
                data = end.call("addFee", lane.destination, int(lane.assurance), nonce)
                transaction = _transaction(SENDERS[0], here.end, data, amount)
            case Settle(wire=wire, evidence=evidence):
                transaction = _transaction(OWNER, here.end, end.call("settle", wire, self._evidence(side, evidence)))
            case Claim(account=account):
                transaction = _transaction(account, here.end, end.call("claim", checksum(account)))
            case Deliver(wire=wire, evidence=evidence, payee=payee):
                data = end.call("deliver", wire, self._evidence(side, evidence), checksum(payee))
                transaction = _transaction(OWNER, here.end, data)
            case Retry(message=message, payee=payee):
                data = end.call("retry", message.header, message.payload, message.gas_limit, checksum(payee))
                transaction = _transaction(OWNER, here.end, data)
            case Expire(message=message):
                transaction = _transaction(OWNER, here.end, end.call("expire", message.header))
            case SetPolicy(recipient=recipient, mask=mask):
                transaction = _transaction(recipient, here.end, end.call("setPolicy", mask))
            case Show(evidence=evidence):
                of = evidence.head
                data = heads.call("show", of.log, of.head, of.count, self._evidence(side, evidence))
                transaction = _transaction(OWNER, here.heads, data)
            case PauseLane(lane=lane):
                transaction = _transaction(OWNER, here.guard, guard.call("pauseLane", _lane(lane)))
            case ResumeLane(lane=lane):
                transaction = _transaction(OWNER, here.heads, heads.call("resume", log_heard(side, lane)))
            case PauseVerifier(number=number):
                transaction = _transaction(OWNER, here.guard, guard.call("pauseVerifier", number))
            case ReinstateVerifier(number=number):
                transaction = _transaction(OWNER, here.heads, heads.call("reinstate", number))
            case _:
                assert_never(call)
        return bool(node.transact(transaction, now)["status"] == "0x1")

    def state(self, side: Side, known: Iterable[Message]) -> dict[str, Any]:
        """What the contracts of a chain say now, by the names that `expected` gives."""
        here = self.contracts[side]
        reads = dict(self._heads_reads(side))
        reads |= self._outbox_reads(known) if side is Side.ORIGIN else self._inbox_reads(known)
        calls = [
            ("eth_getStorageAt", (checksum(to), hex_text(what), "latest"))
            if name.startswith("effects")
            else ("eth_call", ({"to": checksum(to), "data": hex_text(what)}, "latest"))
            for name, (to, what) in reads.items()
        ]
        *answers, balance = self.nodes[side].ask_all(*calls, ("eth_getBalance", (checksum(here.end), "latest")))
        said = {name: _words(answer) for name, answer in zip(reads, answers, strict=True)}
        return said | ({"balance": (int(balance, 16),)} if side is Side.ORIGIN else {})

    def expected(self, world: World, side: Side, known: Iterable[Message]) -> dict[str, Any]:
        """What the model says of the same."""
        lanes = self.lanes.items()
        said: dict[str, tuple[int, ...]] = {
            f"standing {a.name}": (world.heads(side).standing(log_heard(side, of)),) for a, of in lanes
        }
        if side is Side.ORIGIN:
            outbox = world.outbox
            for a, of in lanes:
                head, inbox = int.from_bytes(outbox.log[of][-1]), int.from_bytes(of.inbox)
                said[f"lane {a.name}"] = (head, inbox, len(outbox.sent[of]), outbox.escrow[of] // 10**9)
                settled = [nonce for lane, nonce in outbox.settled if lane == of]
                said |= {f"settled {a.name} {page}": (_bitmap(settled, page),) for page in (0, 1)}
            said |= {f"credit {who.hex()}": (outbox.credit.get(who, 0),) for who in ACCOUNTS}
            said |= {f"expired {m.id.hex()}": (int(m.id in outbox.expired),) for m in known}
            return said | {"balance": (outbox.balance["wei"],)}
        inbox_ = world.inbox
        for a, of in lanes:
            entries = len(inbox_.receipts[of])
            said[f"receipts {a.name}"] = (int.from_bytes(inbox_.log[of][-1]) if entries else 0, entries)
            delivered = [nonce for lane, nonce in inbox_.delivered if lane == of]
            said |= {f"delivered {a.name} {page}": (_bitmap(delivered, page),) for page in (0, 1)}
        said |= {f"failed {m.id.hex()}": (inbox_.failed.get(m.id, VerifierMask(0)),) for m in known}
        return said | {f"effects {m.id.hex()}": (inbox_.effects.get(m.id, 0),) for m in known}

    def _heads_reads(self, side: Side) -> dict[str, tuple[Address, bytes]]:
        to, abi = self.contracts[side].heads, xl2("Heads")
        return {f"standing {a.name}": (to, abi.call("standing", log_heard(side, of))) for a, of in self.lanes.items()}

    def _outbox_reads(self, known: Iterable[Message]) -> dict[str, tuple[Address, bytes]]:
        to, abi, destination = self.contracts[Side.ORIGIN].end, xl2("Outbox"), CHAINS[Side.DESTINATION]
        reads = {f"lane {a.name}": (to, abi.call("lane", destination, int(a))) for a in self.lanes}
        reads |= {
            f"settled {a.name} {page}": (to, abi.call("settled", destination, int(a), page))
            for a in self.lanes
            for page in (0, 1)
        }
        reads |= {f"credit {who.hex()}": (to, abi.call("credit", checksum(who))) for who in ACCOUNTS}
        return reads | {f"expired {m.id.hex()}": (to, abi.call("expired", m.id)) for m in known}

    def _inbox_reads(self, known: Iterable[Message]) -> dict[str, tuple[Address, bytes]]:
        to, abi = self.contracts[Side.DESTINATION].end, xl2("Inbox")
        reads = {f"receipts {a.name}": (to, abi.call("receipts", of.receipt_log)) for a, of in self.lanes.items()}
        reads |= {
            f"delivered {a.name} {page}": (to, abi.call("delivered", of.log, page))
            for a, of in self.lanes.items()
            for page in (0, 1)
        }
        reads |= {f"failed {m.id.hex()}": (to, abi.call("failed", m.id)) for m in known}
        return reads | {f"effects {m.id.hex()}": (m.recipient, m.id) for m in known}

    def _evidence(self, side: Side, evidence: Evidence | None) -> bytes:
        """What a verifier is shown: really signed."""
        if evidence is None:
            return b""
        attestation = Attestation(
            head=evidence.head,
            block=BlockNumber(1),
            chain=CHAINS[side],
            contract=self.contracts[side].verifiers[evidence.number],
        )
        keys = _sorted_keys(evidence.number)
        signatures = tuple(
            Signature.of(index, bytes(Account.unsafe_sign_hash(attestation.digest, key).signature))
            for index, key in enumerate(keys)
        )
        signers = tuple(address(Account.from_key(key).address) for key in keys)
        proof = AttestedProof(block=attestation.block, signers=signers, signatures=signatures)
        return inline(evidence.number, proof.encode())

    def _link(self) -> None:
        origin, destination = self.contracts[Side.ORIGIN], self.contracts[Side.DESTINATION]
        opening = xl2("Outbox").call("register", CHAINS[Side.DESTINATION], checksum(destination.end))
        _must(self.nodes[Side.ORIGIN], _transaction(OWNER, origin.end, opening))
        for side, node in self.nodes.items():
            here = self.contracts[side]
            kind = LogKind.RECEIPTS if side is Side.ORIGIN else LogKind.LANE
            _must(node, _transaction(OWNER, here.guard, xl2("Guard").call("bind", checksum(here.heads))))
            guardian = xl2("Guard").call("setGuardian", checksum(OWNER), True)
            _must(node, _transaction(OWNER, here.guard, guardian))
            for number, verifier in here.verifiers.items():
                for assurance, of in self.lanes.items():
                    if number == NOTARY or assurance is Assurance.ATTESTED:
                        call = xl2("Heads").call("register", number, checksum(verifier), _lane(of), int(kind))
                        _must(node, _transaction(OWNER, here.heads, call))

    def _send_first_messages(self) -> None:
        node, outbox = self.nodes[Side.ORIGIN], self.contracts[Side.ORIGIN].end
        for of in self.lanes.values():
            calls = [_send(outbox, first_message(of, nonce)) for nonce in range(BEFORE)]
            hashes = [node.ask("eth_sendTransaction", call | {"gas": hex(110_000)}) for call in calls]
            node.ask("evm_mine")
            assert node.ask("eth_getTransactionReceipt", hashes[-1])["status"] == "0x1"


def arguments(side: Side) -> list[str]:
    """How the anvil of a side is started."""
    return [
        "--chain-id", str(CHAINS[side]),
        "--timestamp", str(START - 1_000_000),
        "--hardfork", "prague",
        "--base-fee", "0",
        "--gas-price", "0",
        "--order", "fifo",
        "--auto-impersonate",
        "--no-mining",
    ]  # fmt: skip


def _deploy(side: Side, node: Node) -> Contracts:
    for who in (OWNER, *ACCOUNTS, *RECIPIENTS):
        node.ask("anvil_setBalance", checksum(who), hex(10**24))
    if side is Side.DESTINATION:
        for who in RECIPIENTS:
            node.ask("anvil_setCode", checksum(who), _RECIPIENT)
            _set_mood(node, who, Mood.TAKES)
    guard = _create(node, xl2("Guard").creation(checksum(OWNER)))
    heads = _create(node, xl2("Heads").creation(checksum(OWNER), checksum(guard)))
    if side is Side.ORIGIN:
        end = _create(node, xl2("Outbox").creation(checksum(OWNER), checksum(heads)))
    else:
        end = _create(node, xl2("Inbox").creation(checksum(heads)))
    verifiers = {}
    for number in _KEYS:
        signers = [Account.from_key(key).address for key in _sorted_keys(number)]
        verifiers[number] = _create(node, xl2("AttestedHeads").creation(signers, len(signers)))
    return Contracts(guard=guard, heads=heads, end=end, verifiers=verifiers)


def _create(node: Node, code: bytes) -> Address:
    receipt = _must(node, {"from": checksum(OWNER), "data": hex_text(code), "gas": hex(GAS)})
    return address(receipt["contractAddress"])


def _must(node: Node, transaction: dict[str, str]) -> Any:
    receipt = node.transact(transaction)
    assert receipt["status"] == "0x1", transaction
    return receipt


def _set_mood(node: Node, recipient: Address, mood: Mood) -> None:
    value = hex_text(hash32(mood.value.to_bytes(32)))
    node.ask("anvil_setStorageAt", checksum(recipient), "0x" + "00" * 32, value)


def _send(outbox: Address, message: Message) -> dict[str, str]:
    attributes = [_attribute("assurance(uint8)", message.assurance)]
    if message.expiry:
        attributes.append(_attribute("expiry(uint64)", message.expiry))
    recipient = InteropAddress(chain=message.destination, account=message.recipient).encode()
    data = xl2("Outbox").call("sendMessage", recipient, message.payload, attributes)
    return _transaction(message.sender, outbox, data, message.fee)


def _attribute(signature: str, value: int) -> bytes:
    return keccak(signature.encode())[:4] + value.to_bytes(32)


def _transaction(sender: Address, to: Address, data: bytes, value: int = 0) -> dict[str, str]:
    return {
        "from": checksum(sender),
        "to": checksum(to),
        "data": hex_text(data),
        "value": hex(value),
        "gas": hex(GAS),
    }


def _lane(of: Lane) -> tuple[int, str, int, str, int]:
    return of.origin, checksum(of.outbox), of.destination, checksum(of.inbox), int(of.assurance)


def _sorted_keys(number: VerifierNumber) -> list[bytes]:
    """Keys of a verifier's signers, in rising order of their addresses."""
    return sorted(_KEYS[number], key=lambda key: address(Account.from_key(key).address))


def _bitmap(nonces: Iterable[int], page: int) -> int:
    return sum(1 << nonce % PAGE_SIZE for nonce in nonces if nonce // PAGE_SIZE == page)


def _words(answer: str) -> tuple[int, ...]:
    data = bytes.fromhex(answer.removeprefix("0x"))
    return tuple(int.from_bytes(data[at : at + 32]) for at in range(0, len(data), 32))
