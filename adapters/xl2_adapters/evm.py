"""
EVM: any Ethereum-like chain behind one JSON-RPC endpoint, in the house's words.

Comes in: block numbers, addresses, slots. Goes out: blocks, logs, storage, proofs, fees, receipts. Promise: the chain
id was checked before the first answer; a log, a block or a proof node that is not what was asked for is refused here.
Which endpoint is asked, and how many must agree, is `providers`', ranges of logs are `log_ranges`'. Whether an endpoint
told the truth is left to `flow` (logs against storage) and to the provers (proofs), what contracts mean to `contracts`.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from attrs import evolve, field, frozen

from xl2.core.evidence import Finality
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Wei, checksum, hex_text
from xl2.errors import NotYet, Reverted, RpcRejected, RpcUnavailable
from xl2.ports import Block, Broadcast, Call, EndpointState, Fees, Observer, Rates, TxLook, TxQuote, TxReceipt
from xl2_adapters import quoting, rpc_wire
from xl2_adapters.abi import error_name, explain_revert
from xl2_adapters.blocks import block_of, hash_of
from xl2_adapters.fee_model import FeeModel, GasAlone, gas_request
from xl2_adapters.log_ranges import Log, Wanted
from xl2_adapters.node_words import not_there_yet, outcome_of
from xl2_adapters.providers.endpoint import Rpc, traffic_of
from xl2_adapters.providers.new_heads import wake_on_heads
from xl2_adapters.providers.pool import Pool
from xl2_adapters.rpc import Call as Request
from xl2_adapters.rpc import Json, RpcClient, RpcLimits
from xl2_adapters.spent_nonce import spent_by
from xl2_adapters.together import Beside, OneRound, UnderWay

__all__ = ["Evm", "Log", "Proof", "topic_of"]

#: So many hashes of blocks are remembered.
_HASHES = 32
_TAGS = {
    Finality.LATEST: "latest",
    Finality.SAFE: "safe",
    Finality.FINALIZED: "finalized",
    Finality.SETTLED: "finalized",
}


@frozen(kw_only=True)
class Proof:
    """What `eth_getProof` said of an account and slots of it: nodes, unverified."""

    account: tuple[bytes, ...] = field(repr=False)
    storage_root: Hash32
    #: One list of nodes a slot, in the order asked.
    storage: tuple[tuple[bytes, ...], ...] = field(repr=False)


class Evm:
    """A chain behind one endpoint or several. Implements `xl2.ports.Blocks` and `xl2.ports.Endpoints`."""

    def __init__(self, chain: ChainId, rpc: str | Rpc, *, limits: RpcLimits | None = None, ws_url: str = "") -> None:
        """
        Connect at the first question.

        `rpc`: an http(s) URL, or what stands for endpoints (`rpc_of`). `limits`: of a URL. `ws_url`: where new heads
        are told; empty: nowhere.
        """
        self._chain = chain
        self.rpc: Rpc = RpcClient(rpc, limits=limits) if isinstance(rpc, str) else rpc
        self._ws_url = ws_url
        #: Hashes of the blocks that were read last, by number.
        self._hashes: dict[BlockNumber, Hash32] = {}
        #: What is asked for several at once.
        self.beside = Beside()
        #: Questions for the newest block: all lanes that look at a chain share one.
        self._newest: UnderWay[Finality, Block] = UnderWay(self.beside)
        #: And those for the block at a height: lanes that go on together look at the same one.
        self._at_height: OneRound[BlockNumber, Block] = OneRound(self.beside)
        #: What transactions cost beside gas; families set theirs.
        self.fee_model: FeeModel = GasAlone()
        self._checked = False
        #: When the endpoint last stated this chain's id beside a quote, by the monotonic clock.
        self._stated_at = float("-inf")
        self._checking = asyncio.Lock()

    @property
    def chain(self) -> ChainId:
        """EIP-155 id."""
        return self._chain

    @property
    def endpoint(self) -> str:
        """Name of the endpoint, for errors."""
        return self.rpc.name

    @property
    def endpoints(self) -> Sequence[EndpointState]:
        """Each endpoint with its standing."""
        return self.rpc.states() if isinstance(self.rpc, Pool) else (self._alone(),)

    @property
    def quarrel(self) -> str:
        """Over what endpoints do not agree; empty: over nothing."""
        return self.rpc.circle.open_quarrel if isinstance(self.rpc, Pool) else ""

    @property
    def quorum(self) -> int:
        """So many endpoints must agree."""
        return self.rpc.circle.limits.quorum if isinstance(self.rpc, Pool) else 1

    async def look_at_endpoints(self) -> Sequence[EndpointState]:
        """Each endpoint with its standing, after it was asked for its chain and its newest block."""
        if isinstance(self.rpc, Pool):
            await self.rpc.look()
            return self.rpc.states()
        state = self._alone()
        try:
            newest = self._count(await self.ask("eth_blockNumber"))
        except (RpcUnavailable, RpcRejected) as error:
            return (evolve(state, trouble=error.what),)
        return (evolve(state, newest=newest),)

    def _alone(self) -> EndpointState:
        return EndpointState(name=self.rpc.name, traffic=traffic_of(self.rpc))

    def report_to(self, observer: Observer) -> None:
        """Tell this observer of endpoints that are left aside. One that stands alone is told of by who asks it."""
        if isinstance(self.rpc, Pool):
            self.rpc.report_to(observer)

    async def wake_on_heads(self, wake: Callable[[], None]) -> None:
        """Call `wake` at each new head, until cancelled."""
        if self._ws_url:
            await wake_on_heads(self.chain, self._ws_url, wake)

    async def ask(self, method: str, *params: Json) -> Json:
        """
        One RPC call, after the chain id was checked.

        Raises `WrongChain`, `NotYet` where it is about a block above the tip, and as `RpcClient.call`.
        """
        await self._check_chain()
        try:
            return await self.rpc.call(method, *params)
        except RpcRejected as rejected:
            if (ahead := not_there_yet(rejected)) is not None:
                raise ahead from rejected
            raise

    async def ask_many(self, requests: Sequence[Request]) -> list[Json]:
        """Many RPC calls in one request. Raises as `ask`."""
        await self._check_chain()
        try:
            return await self.rpc.batch(requests)
        except RpcRejected as rejected:
            if (ahead := not_there_yet(rejected)) is not None:
                raise ahead from rejected
            raise

    async def answers_for(self, *, within_seconds: float = 0.0) -> ChainId:
        """EIP-155 id that the endpoint states now, or stated beside a quote so shortly ago."""
        if time.monotonic() - self._stated_at < within_seconds:
            return self._chain
        return ChainId(self._number(await self.rpc.call("eth_chainId")))

    async def head(self, finality: Finality) -> Block:
        """Newest block of that finality."""
        return await self._newest.ask(finality, lambda: self._head(finality))

    async def _head(self, finality: Finality) -> Block:
        found = await self.ask("eth_getBlockByNumber", _TAGS[finality], False)
        if found is None and finality is Finality.LATEST:
            # Every chain has one: this is no waiting.
            raise RpcUnavailable(f"{self.endpoint} says that there is no newest block", endpoint=self.endpoint)
        return self._block(found, _TAGS[finality])

    async def block(self, number: BlockNumber) -> Block:
        """Canonical block at a height. Raises `NotYet` above the tip."""
        return await self._at_height.ask(number, lambda: self._block_at(number))

    async def _block_at(self, number: BlockNumber) -> Block:
        block = self._block(await self.ask("eth_getBlockByNumber", hex(number), False), f"block {number}")
        if block.number != number:
            raise RpcUnavailable(
                f"{self.endpoint} sent block {block.number} for block {number}", endpoint=self.endpoint
            )
        return block

    def known_hash(self, number: BlockNumber) -> Hash32 | None:
        """Hash of a block that was read lately, as it was then."""
        return self._hashes.get(number)

    async def raw_block(self, number: BlockNumber) -> dict[str, Json]:
        """The header's fields as the node sends them. Raises `NotYet` above the tip."""
        found = await self.ask("eth_getBlockByNumber", hex(number), False)
        if not isinstance(found, dict):
            raise NotYet(f"chain {self.chain} has no block {number} yet")
        return found

    async def balance(self, account: Address) -> Wei:
        """Native balance at the tip."""
        return Wei(self._number(await self.ask("eth_getBalance", checksum(account), "latest")))

    async def code(self, account: Address) -> bytes:
        """Code at the tip."""
        return self._data(await self.ask("eth_getCode", checksum(account), "latest"))

    async def fees(self) -> Fees:
        """Base fee of the newest block, and the tip that the node suggests."""
        block, tip = await self.ask_many(
            [Request("eth_getBlockByNumber", ("latest", False)), Request("eth_maxPriorityFeePerGas")]
        )
        return quoting.fees_of(block, tip, self.endpoint)

    async def rates(self) -> Rates:
        """What gas and calldata cost, in one batch."""
        await self._check_chain()
        answers = await self.rpc.try_batch(quoting.rate_requests(self.fee_model))
        return quoting.rates_of(answers, self.fee_model, self.endpoint)

    async def simulate(self, call: Call, sender: Address) -> int:
        """Gas that the call takes at the tip, or the call's own limit where it names one and that is enough."""
        request = gas_request(call, sender)
        try:
            answer = await self.ask(request.method, *request.params)
        except Reverted as reverted:
            raise self.explained(reverted, call.what) from reverted
        return call.gas_limit if call.gas_limit is not None else self._number(answer)

    async def quote(self, call: Call, sender: Address) -> TxQuote:
        """What a call takes and what its sender has, in one batch."""
        await self._check_chain()
        answers = await self.rpc.try_batch(quoting.quote_requests(call, sender, self.fee_model))
        quoting.require_chain(self._chain, answers[0], self.endpoint)
        self._stated_at = time.monotonic()
        return quoting.quote_of(call, answers, self.fee_model, self.endpoint)

    def explain(self, revert: bytes) -> str:
        """Revert bytes in words."""
        return explain_revert(revert)

    def error_name(self, revert: bytes) -> str | None:
        """Name of the error of ours that these bytes are."""
        return error_name(revert)

    async def tx_nonce(self, account: Address, *, pending: bool = False) -> int:
        """Next transaction nonce of an account."""
        tag = "pending" if pending else "latest"
        return self._number(await self.ask("eth_getTransactionCount", checksum(account), tag))

    async def broadcast(self, raw: bytes) -> Broadcast:
        """Hand a signed transaction to the node. Raises as `outcome_of`."""
        try:
            await self.ask("eth_sendRawTransaction", hex_text(raw))
        except RpcRejected as rejected:
            return outcome_of(rejected)
        return Broadcast.ACCEPTED

    async def tx_receipt(self, tx_hash: Hash32) -> TxReceipt | None:
        """Receipt of an included transaction."""
        found = await self.ask("eth_getTransactionReceipt", hex_text(tx_hash))
        return quoting.receipt_of(found, tx_hash, self.endpoint)

    async def look(self, account: Address, tx_hashes: Sequence[Hash32]) -> TxLook:
        """Nonces of an account and receipts of transactions, in one batch."""
        answers = await self.ask_many(quoting.look_requests(account, tx_hashes))
        return quoting.look_of(tx_hashes, answers, self.endpoint)

    async def transaction_at(self, account: Address, tx_nonce: int) -> Hash32 | None:
        """The transaction in a block that used a nonce."""
        return await spent_by(self.ask, account, tx_nonce, self.endpoint)

    async def close(self) -> None:
        """Close connections, and what goes on over them."""
        await self.beside.close()
        await self.rpc.close()

    # --- beyond the port: what adapters build on

    async def view(self, to: Address, data: bytes, at: BlockNumber | None = None) -> bytes:
        """What a read-only call returns at a block, or at the tip. Raises `Reverted`, explained."""
        request = self.view_request(to, data, at)
        try:
            return self._data(await self.ask(request.method, *request.params))
        except Reverted as reverted:
            raise self.explained(reverted, f"a view of {checksum(to)}") from reverted

    async def views(self, calls: Sequence[tuple[Address, bytes]], at: BlockNumber | None = None) -> list[bytes]:
        """What read-only calls return at one block, in their order."""
        try:
            answers = await self.ask_many([self.view_request(to, data, at) for to, data in calls])
        except Reverted as reverted:
            raise self.explained(reverted, "a view") from reverted
        return [self._data(answer) for answer in answers]

    async def views_beside(
        self, calls: Sequence[tuple[Address, bytes]], at: BlockNumber | None = None
    ) -> tuple[list[bytes], Block]:
        """What read-only calls return at a block, or at the tip, and that block, in one request. Raises `NotYet`."""
        tag = "latest" if at is None else hex(at)
        requests = [self.view_request(to, data, at) for to, data in calls]
        try:
            *answers, block = await self.ask_many([*requests, Request("eth_getBlockByNumber", (tag, False))])
        except Reverted as reverted:
            raise self.explained(reverted, "a view") from reverted
        found = self._block(block, "latest" if at is None else f"block {at}")
        if at is not None and found.number != at:
            raise RpcUnavailable(f"{self.endpoint} sent block {found.number} for block {at}", endpoint=self.endpoint)
        return [self._data(answer) for answer in answers], found

    def view_request(self, to: Address, data: bytes, at: BlockNumber | None = None) -> Request:
        """`eth_call`, without a sender: nothing of ours looks at it in a view."""
        tag = "latest" if at is None else hex(at)
        return Request("eth_call", ({"to": checksum(to), "data": hex_text(data)}, tag))

    async def storage(self, account: Address, slot: Hash32, at: BlockNumber) -> Hash32:
        """A storage word at a block."""
        word = self._data(await self.ask("eth_getStorageAt", checksum(account), hex_text(slot), hex(at)))
        return Hash32(word.rjust(32, b"\0"))

    async def proof(self, account: Address, slots: Sequence[Hash32], at: BlockNumber) -> Proof:
        """Trie nodes of an account and slots of it at a block (EIP-1186)."""
        wanted: list[Json] = [hex_text(slot) for slot in slots]
        found = rpc_wire.mapping(await self.ask("eth_getProof", checksum(account), wanted, hex(at)), self.endpoint)
        by_slot = rpc_wire.sequence(found.get("storageProof"), self.endpoint)
        if len(by_slot) != len(slots):
            raise RpcUnavailable(
                f"{self.endpoint} sent {len(by_slot)} storage proofs for {len(slots)} slots", endpoint=self.endpoint
            )
        return Proof(
            account=self._nodes(found.get("accountProof")),
            storage_root=self._hash(found.get("storageHash")),
            storage=tuple(self._nodes(rpc_wire.mapping(one, self.endpoint).get("proof")) for one in by_slot),
        )

    async def logs(
        self, contract: Address, topics: Sequence[Sequence[bytes] | None], first: BlockNumber, last: BlockNumber
    ) -> list[Log]:
        """
        Logs of a contract in a range of blocks, in their order.

        `topics`: by place, the values allowed; None: any. Raises `RpcUnavailable` for logs that were not asked for, and
        what the endpoint said where a shorter range would not help.
        """
        wanted = Wanted(contract=contract, topics=topics, endpoint=self.endpoint)
        return await wanted.read(self.ask, first, last, self.known_hash)

    def explained(self, reverted: Reverted, what: str) -> Reverted:
        """The same revert, with the contract's error in words."""
        return quoting.explained(reverted, what, self.endpoint)

    async def _check_chain(self) -> None:
        if self._checked:
            return
        async with self._checking:
            if not self._checked:
                await self.rpc.require_chain(self.chain)
                self._checked = True

    def _block(self, found: Json, what: str) -> Block:
        block = block_of(found, what, self._chain, self.endpoint)
        self._hashes[block.number] = block.hash
        if len(self._hashes) > _HASHES:
            del self._hashes[next(iter(self._hashes))]
        return block

    def _nodes(self, value: Json) -> tuple[bytes, ...]:
        return tuple(self._data(node) for node in rpc_wire.sequence(value, self.endpoint))

    def _number(self, value: Json) -> int:
        return rpc_wire.quantity(value, self.endpoint)

    def _count(self, value: Json) -> int:
        return rpc_wire.count(value, self.endpoint)

    def _data(self, value: Json) -> bytes:
        return rpc_wire.data(value, self.endpoint)

    def _hash(self, value: Json) -> Hash32:
        return hash_of(value, self.endpoint)


def topic_of(value: Any) -> bytes:
    """An indexed integer or address as the 32 bytes of a topic."""
    raw = value.to_bytes(32) if isinstance(value, int) else value
    return raw.rjust(32, b"\0")
