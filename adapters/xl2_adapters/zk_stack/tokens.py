"""
Tokens: ERC-20s over the ZK stack's first own bridge, `L1ERC20Bridge` and its counterpart.

Comes in: tokens to be moved, or an operation or message that may be the bridge's. Goes out: calls, and the tokens that
the bridge moves. Promise: which token stands for which, the counterpart on the chain says, whose address of a token is
the one that counts. Today's asset router is not spoken here: `canonical` says so where only that is configured.
Source: `L1ERC20Bridge.sol`, `L2ERC20Bridge.sol` of @matterlabs/zksync-contracts 0.6.1.
"""

from collections.abc import Sequence

from attrs import field, frozen
from eth_abi import encode

from xl2.core.types import ZERO_ADDRESS, Address, Hash32, Wei, address, checksum
from xl2.errors import InvalidInput, Refused, Reverted
from xl2.ports import Call, Cargo
from xl2_adapters.abi import Event, Method
from xl2_adapters.contracts.alias import speaker
from xl2_adapters.erc20 import approvals, check_balance
from xl2_adapters.evm import Evm
from xl2_adapters.tx_logs import Included
from xl2_adapters.zk_stack.gas import GAS_PER_PUBDATA
from xl2_adapters.zk_stack.messages import Message, teller
from xl2_adapters.zk_stack.proofs import MessageProof, OutcomeProof

DEPOSIT = Method("deposit(address,address,uint256,uint256,uint256,address)", "(bytes32)")
CLAIM_FAILED = Method("claimFailedDeposit(address,address,bytes32,uint256,uint256,uint16,bytes32[])")
FINALIZE = Method("finalizeWithdrawal(uint256,uint256,uint16,bytes,bytes32[])")
IS_FINALIZED = Method("isWithdrawalFinalized(uint256,uint256)", "(bool)")
L2_BRIDGE = Method("l2Bridge()", "(address)")
INITIATED = Event("DepositInitiated(bytes32 indexed,address indexed,address indexed,address,uint256)")
WITHDRAWN = Event("WithdrawalInitiated(address indexed,address indexed,address indexed,uint256)")
CLAIMED = Event("ClaimedFailedDeposit(address indexed,address indexed,uint256)")

WITHDRAW = Method("withdraw(address,address,uint256)")
ARRIVE = Method("finalizeDeposit(address,address,address,uint256,bytes)")
ON_L1 = Method("l1TokenAddress(address)", "(address)")
ON_ROLLUP = Method("l2TokenAddress(address)", "(address)")

_DESCRIPTION = (Method("name()"), Method("symbol()"), Method("decimals()"))

#: selector 4 ‖ recipient 20 ‖ token on L1 20 ‖ amount 32
_MESSAGE_SIZE = 76


@frozen(kw_only=True)
class Moved:
    """Tokens that the bridge moves, and for whom."""

    sender: Address
    cargo: Cargo


@frozen(kw_only=True)
class Tokens:
    """The token bridge of one chain."""

    rollup: Evm
    anchor: Evm
    #: On L1.
    bridge: Address
    _there: list[Address] = field(factory=list, init=False)

    async def bridge_there(self) -> Address:
        """Its counterpart, as the bridge on L1 names it."""
        if not self._there:
            answer = await self.anchor.view(self.bridge, L2_BRIDGE.encode())
            self._there.append(address(L2_BRIDGE.decode(answer, self.anchor.endpoint)[0]))
        return self._there[0]

    async def on_rollup(self, token: Address) -> Address:
        """Address on the chain of a token of L1."""
        answer = await self.rollup.view(await self.bridge_there(), ON_ROLLUP.encode(token))
        return address(ON_ROLLUP.decode(answer, self.rollup.endpoint)[0])

    async def on_l1(self, token: Address) -> Address:
        """Address on L1 of a token of the chain. Raises `Refused` for one that this bridge did not bring."""
        answer = await self.rollup.view(await self.bridge_there(), ON_L1.encode(token))
        found = address(ON_L1.decode(answer, self.rollup.endpoint)[0])
        if found == ZERO_ADDRESS:
            raise Refused(
                f"token {checksum(token)} on chain {self.rollup.chain} did not come by this bridge",
                remedy="Send it over the bridge that it came by.",
            )
        return found

    async def arriving(self, cargo: Cargo, token: Address, sender: Address) -> tuple[Address, Address, bytes]:
        """Caller, contract and calldata on the chain of a deposit: what its gas is estimated by."""
        parts = [await self._said(token, method) for method in _DESCRIPTION]
        described = encode(["bytes", "bytes", "bytes"], parts)
        data = ARRIVE.encode(sender, cargo.recipient, token, cargo.amount, described)
        return speaker(self.bridge), await self.bridge_there(), data

    async def deposit_calls(
        self, cargo: Cargo, token: Address, sender: Address, *, gas_limit: int, paid: Wei
    ) -> Sequence[Call]:
        """Approve the bridge where needed, and send tokens down. Raises as `CanonicalBridge.deposit_calls`."""
        there = await self.on_rollup(token)
        if cargo.token_there not in (None, there):
            raise InvalidInput(
                f"token {checksum(token)} is {checksum(there)} on chain {self.rollup.chain}, "
                f"not {checksum(cargo.token_there or ZERO_ADDRESS)}",
                field="token_there",
                value=cargo.token_there,
            )
        await _check_tokens(self.anchor, token, sender, cargo.amount)
        data = DEPOSIT.encode(cargo.recipient, token, cargo.amount, gas_limit, GAS_PER_PUBDATA, sender)
        deposit = Call(
            chain=self.anchor.chain,
            to=self.bridge,
            data=data,
            value=paid,
            what=f"deposit {cargo.amount} of token {checksum(token)} to chain {self.rollup.chain}",
        )
        allowed = await approvals(
            self.anchor, token, owner=sender, spender=self.bridge, amount=cargo.amount, rollup=self.rollup.chain
        )
        return (*allowed, deposit)

    async def withdraw_calls(self, cargo: Cargo, token: Address, sender: Address) -> Sequence[Call]:
        """Burn tokens on the chain, to be released on L1. Raises as `CanonicalBridge.withdraw_calls`."""
        on_l1 = await self.on_l1(token)
        if cargo.token_there not in (None, on_l1):
            raise InvalidInput(
                f"token {checksum(token)} is {checksum(on_l1)} on l1, "
                f"not {checksum(cargo.token_there or ZERO_ADDRESS)}",
                field="token_there",
                value=cargo.token_there,
            )
        await _check_tokens(self.rollup, token, sender, cargo.amount)
        data = WITHDRAW.encode(cargo.recipient, token, cargo.amount)
        what = f"withdraw {cargo.amount} of token {checksum(token)} from chain {self.rollup.chain}"
        return (Call(chain=self.rollup.chain, to=await self.bridge_there(), data=data, what=what),)

    async def brought_by(self, transaction: Included, canonical_hash: Hash32) -> Moved | None:
        """Tokens that an operation brings, None where the bridge did not ask for it."""
        for entry in transaction.logs:
            if entry.contract != self.bridge or entry.log.topics[:2] != (INITIATED.topic, canonical_hash):
                continue
            _, sender, recipient, token, amount = INITIATED.decode(
                entry.log.topics, entry.log.data, self.anchor.endpoint
            )
            there = await self.on_rollup(address(token))
            cargo = Cargo(recipient=address(recipient), amount=amount, token=address(token), token_there=there)
            return Moved(sender=address(sender), cargo=cargo)
        return None

    async def taken_by(self, message: Message, transaction: Included) -> Moved | None:
        """Tokens that a message of a transaction takes to L1, None where it is not the bridge's."""
        if message.sender != await self.bridge_there():
            return None
        if len(message.data) != _MESSAGE_SIZE or message.data[:4] != FINALIZE.selector:
            return None
        token = address(message.data[24:44])
        amount, there = int.from_bytes(message.data[44:]), await self.on_rollup(token)
        cargo = Cargo(recipient=address(message.data[4:24]), amount=amount, token=there, token_there=token)
        sender = teller(transaction, message, WITHDRAWN, self.rollup.endpoint)
        return Moved(sender=sender, cargo=cargo)

    def finalize_call(self, proof: MessageProof) -> Call:
        """Release withdrawn tokens on L1."""
        data = FINALIZE.encode(proof.batch, proof.index, proof.tx_number, proof.message, list(proof.path))
        return Call(chain=self.anchor.chain, to=self.bridge, data=data, what="release withdrawn tokens on l1")

    async def is_finalized(self, proof: MessageProof) -> bool:
        """Whether they were released."""
        answer = await self.anchor.view(self.bridge, IS_FINALIZED.encode(proof.batch, proof.index))
        return bool(IS_FINALIZED.decode(answer, self.anchor.endpoint)[0])

    def reclaim_call(self, moved: Moved, proof: OutcomeProof) -> Call:
        """Take tokens of a failed deposit back on L1; they go to who sent them."""
        shown = (proof.canonical_hash, proof.batch, proof.index, proof.tx_number, list(proof.path))
        data = CLAIM_FAILED.encode(moved.sender, moved.cargo.token, *shown)
        return Call(chain=self.anchor.chain, to=self.bridge, data=data, what="take tokens of a failed deposit back")

    async def is_reclaimed(self, moved: Moved, proof: OutcomeProof) -> bool:
        """Whether they were taken back; the bridge keeps that where only its own calls look."""
        call = self.reclaim_call(moved, proof)
        try:
            await self.anchor.view(call.to, call.data)
        except Reverted as reverted:
            if b"y1" in reverted.revert:
                return True
            raise
        return False

    async def _said(self, token: Address, method: Method) -> bytes:
        """What a getter of a token returns, as the bridge passes it on: nothing where there is none."""
        try:
            return await self.anchor.view(token, method.encode())
        except Reverted:
            return b""


async def _check_tokens(evm: Evm, token: Address, owner: Address, amount: int) -> None:
    """Raises `Unaffordable` where the owner has less, `InvalidInput` for an amount of zero."""
    if amount == 0:
        raise InvalidInput("the bridge moves no amount of zero", field="amount", value=0)
    await check_balance(evm, token, owner, amount)
