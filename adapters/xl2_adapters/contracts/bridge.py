"""
Token bridge and its ERC-20, in Python's words. The manual is `contracts/src/interfaces/ITokenBridge.sol`.

Promise: approvals are exact. Implements `xl2.ports.Bridge`.
"""

from attrs import field, frozen

from xl2.core.interop import InteropAddress
from xl2.core.message import Message
from xl2.core.types import (
    ZERO_ADDRESS,
    Address,
    Assurance,
    ChainId,
    MessageId,
    Timestamp,
    Wei,
    address,
    checksum,
    hex_text,
)
from xl2.errors import NotFound, Reverted
from xl2.ports import BridgeLink, BridgeTerms, Call, Token
from xl2_adapters.abi import Event, Method
from xl2_adapters.evm import Evm

TOKEN = Method("token()", "(address)")
ASSURANCE = Method("assurance()", "(uint8)")
GAS_LIMIT = Method("gasLimit()", "(uint32)")
LIFETIME = Method("lifetime()", "(uint64)")
REMOTE = Method("remote(uint64)", "((address,uint32,bool,uint112,uint112,uint32,uint112))")
ROOM = Method("room(uint64)", "(uint256)")
REFUNDED = Method("refunded(bytes32)", "(bool)")
FEES_OF = Method("feesOf(address)", "(uint256)")
TRANSFER = Method("transfer(bytes,uint256,uint64)", "(bytes32)")
REFUND = Method("refund(bytes,bytes)")
CLAIM_FEES = Method("claimFees(address)")
PAUSED = Method("paused()", "(bool)")
METHODS = (
    TOKEN, ASSURANCE, GAS_LIMIT, LIFETIME, REMOTE, ROOM, REFUNDED, FEES_OF, TRANSFER, REFUND, CLAIM_FEES, PAUSED,
)  # fmt: skip

SENT = Event("CrosschainFungibleTransferSent(bytes32 indexed,address indexed,bytes,uint256)")
RECEIVED = Event("CrosschainFungibleTransferReceived(bytes32 indexed,bytes,address indexed,uint256)")
TRANSFER_REFUNDED = Event("TransferRefunded(bytes32 indexed,address indexed,uint256,uint256)")
LINK_REGISTERED = Event("LinkRegistered(address,bytes)")
EVENTS = (SENT, RECEIVED, TRANSFER_REFUNDED, LINK_REGISTERED)

#: ERC-20, and its metadata.
SYMBOL = Method("symbol()", "(string)")
DECIMALS = Method("decimals()", "(uint8)")
TOTAL_SUPPLY = Method("totalSupply()", "(uint256)")
BALANCE_OF = Method("balanceOf(address)", "(uint256)")
ALLOWANCE = Method("allowance(address,address)", "(uint256)")
APPROVE = Method("approve(address,uint256)", "(bool)")
TOKEN_METHODS = (SYMBOL, DECIMALS, TOTAL_SUPPLY, BALANCE_OF, ALLOWANCE, APPROVE)
#: ERC-7802: only a token that a bridge of ours made says who that is.
MINTER = Method("bridge()", "(address)")


@frozen
class TokenBridge:
    """One ERC-20's bridge on a chain."""

    evm: Evm
    address: Address
    #: What the constructor fixed, once read.
    _terms: list[BridgeTerms] = field(factory=list, init=False, eq=False, repr=False)

    @property
    def chain(self) -> ChainId:
        """Chain it stands on."""
        return self.evm.chain

    async def terms(self) -> BridgeTerms:
        """What it was built with; read once."""
        if not self._terms:
            self._terms.append(await self._read_terms())
        return self._terms[0]

    async def link(self, other: ChainId) -> BridgeLink:
        """The other end. Raises `NotFound` where there is none."""
        views = [(self.address, REMOTE.encode(other)), (self.address, ROOM.encode(other))]
        answers = await self.evm.views(views)
        ((counterpart, _, paused, locked, _, _, _),) = REMOTE.decode(answers[0], self.evm.endpoint)
        (room,) = ROOM.decode(answers[1], self.evm.endpoint)
        if address(counterpart) == ZERO_ADDRESS:
            raise NotFound(f"the bridge {checksum(self.address)} on chain {self.chain} has no link to chain {other}")
        return BridgeLink(counterpart=address(counterpart), paused=paused, locked=locked, room=room)

    async def balance(self, account: Address) -> int:
        """Tokens of an account."""
        return await self._token_number(BALANCE_OF, account)

    async def allowance(self, owner: Address) -> int:
        """Tokens that the bridge may take from an account."""
        return await self._token_number(ALLOWANCE, owner, self.address)

    async def supply(self) -> int:
        """Tokens that there are on this chain."""
        return await self._token_number(TOTAL_SUPPLY)

    async def is_refunded(self, message_id: MessageId) -> bool:
        """Whether a transfer that expired was given back."""
        answer = await self.evm.view(self.address, REFUNDED.encode(message_id))
        (refunded,) = REFUNDED.decode(answer, self.evm.endpoint)
        return bool(refunded)

    async def refunded_fees(self, account: Address) -> Wei:
        """Fees of refunded transfers that an account can claim."""
        answer = await self.evm.view(self.address, FEES_OF.encode(account))
        (amount,) = FEES_OF.decode(answer, self.evm.endpoint)
        return Wei(amount)

    async def approve_call(self, amount: int) -> Call:
        """Let the bridge take exactly this many tokens."""
        token = (await self.terms()).token
        what = f"let the bridge {checksum(self.address)} take {amount} of {token.symbol}'s smallest unit"
        return Call(chain=self.chain, to=token.address, data=APPROVE.encode(self.address, amount), what=what)

    def transfer_call(
        self, *, destination: ChainId, recipient: Address, amount: int, expiry: Timestamp, fee: Wei
    ) -> Call:
        """Send tokens."""
        to = InteropAddress(chain=destination, account=recipient).encode()
        what = f"transfer {amount} of the token's smallest unit to {checksum(recipient)} on chain {destination}"
        return self._call(TRANSFER.encode(to, amount, expiry), what, fee)

    def refund_call(self, message: Message) -> Call:
        """Give an expired transfer back to who sent it."""
        return self._call(REFUND.encode(message.header, message.payload), f"refund transfer {hex_text(message.id)}")

    def claim_fees_call(self, account: Address) -> Call:
        """Pay refunded fees out."""
        return self._call(CLAIM_FEES.encode(account), f"claim the refunded fees of {checksum(account)}")

    async def _read_terms(self) -> BridgeTerms:
        own = (TOKEN, ASSURANCE, GAS_LIMIT, LIFETIME)
        answers = await self.evm.views([(self.address, method.encode()) for method in own])
        token, assurance, gas_limit, lifetime = (
            method.decode(answer, self.evm.endpoint)[0] for method, answer in zip(own, answers, strict=True)
        )
        contract = address(token)
        answers = await self.evm.views([(contract, method.encode()) for method in (SYMBOL, DECIMALS)])
        return BridgeTerms(
            token=Token(
                address=contract,
                symbol=SYMBOL.decode(answers[0], self.evm.endpoint)[0],
                decimals=DECIMALS.decode(answers[1], self.evm.endpoint)[0],
            ),
            assurance=Assurance(assurance),
            gas_limit=gas_limit,
            lifetime_seconds=lifetime,
            is_home=not await self._mints(contract),
        )

    async def _mints(self, token: Address) -> bool:
        """Whether the token names this very bridge as the one that mints it."""
        try:
            answer = await self.evm.view(token, MINTER.encode())
        except Reverted:
            return False
        return len(answer) == 32 and address(answer[-20:]) == self.address

    async def _token_number(self, method: Method, *args: Address) -> int:
        token = (await self.terms()).token
        (number,) = method.decode(await self.evm.view(token.address, method.encode(*args)), self.evm.endpoint)
        return int(number)

    def _call(self, data: bytes, what: str, value: Wei = Wei(0)) -> Call:
        return Call(chain=self.chain, to=self.address, data=data, value=value, what=what)
