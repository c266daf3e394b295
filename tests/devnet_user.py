"""A user of a devnet's chain: signs with his own key, sends raw transactions, waits for receipts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from tests.waiting import until
from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import mapping
from xl2_devnet.abi import Contract, Event
from xl2_devnet.devnet_file import ChainEntry


class User:
    """One account on one chain."""

    def __init__(self, chain: ChainEntry, private_key: str, *, url: str | None = None) -> None:
        self.chain = chain
        self.account: LocalAccount = Account.from_key(private_key)
        self.address: str = self.account.address
        self.rpc = RpcClient(url or chain.rpc_url)

    def sign(self, to: str | None, data: bytes = b"", *, tx_nonce: int, value: int = 0, gas: int = 500_000) -> str:
        """A raw transaction in hex."""
        request: dict[str, Any] = {
            "chainId": self.chain.chain_id,
            "nonce": tx_nonce,
            "data": "0x" + data.hex(),
            "value": value,
            "gas": gas,
            "maxFeePerGas": 20 * 10**9,
            "maxPriorityFeePerGas": 10**9,
        }
        if to is not None:
            request["to"] = to_checksum_address(to)
        signed = self.account.sign_transaction(request)
        return "0x" + bytes(signed.raw_transaction).hex()

    async def tx_nonce(self, tag: str = "pending") -> int:
        return int(str(await self.rpc.call("eth_getTransactionCount", self.address, tag)), 16)

    async def submit(self, *transactions: tuple[str | None, bytes, int], gas: int = 500_000) -> Sequence[str]:
        """Send several (to, data, value) at once; their hashes."""
        first = await self.tx_nonce()
        raws = [
            self.sign(to, data, tx_nonce=first + place, value=value, gas=gas)
            for place, (to, data, value) in enumerate(transactions)
        ]
        return [str(sent) for sent in await self.rpc.batch([Call("eth_sendRawTransaction", (raw,)) for raw in raws])]

    async def receipt(self, tx_hash: str) -> Mapping[str, Any]:
        async def look() -> Mapping[str, Any] | None:
            found = await self.rpc.call("eth_getTransactionReceipt", tx_hash)
            return None if found is None else mapping(found, self.chain.name)

        return await until(look, f"the receipt of {tx_hash} at {self.chain.name}")

    async def send(
        self, to: str | None, data: bytes = b"", *, value: int = 0, gas: int = 500_000, succeeds: bool = True
    ) -> Mapping[str, Any]:
        """Send one transaction; its receipt."""
        (tx_hash,) = await self.submit((to, data, value), gas=gas)
        receipt = await self.receipt(tx_hash)
        assert (receipt["status"] == "0x1") is succeeds, receipt
        return receipt

    async def create(self, code: bytes, *, gas: int = 500_000) -> str:
        """Create a contract; its address."""
        contract: str = (await self.send(None, code, gas=gas))["contractAddress"]
        return contract

    async def read(self, to: str, contract: Contract, function: str, *arguments: Any, at: str = "latest") -> Any:
        """The one value that a call returns, or all of them."""
        request: Any = {"from": self.address, "to": to, "data": "0x" + contract.call(function, *arguments).hex()}
        values = contract.result(function, bytes.fromhex(str(await self.rpc.call("eth_call", request, at))[2:]))
        return values[0] if len(values) == 1 else values

    async def slots(self, contract: str) -> list[int]:
        """The first three slots of a contract, all at one block: what writes them may come between two looks."""
        tip = await self.rpc.call("eth_blockNumber")
        asked = [Call("eth_getStorageAt", (contract, hex(slot), tip)) for slot in range(3)]
        return [int(str(word), 16) for word in await self.rpc.batch(asked)]

    async def balance(self, address: str, tag: str = "latest") -> int:
        return int(str(await self.rpc.call("eth_getBalance", address, tag)), 16)

    async def block(self, number: int | str, *, full: bool = False) -> Mapping[str, Any]:
        tag = hex(number) if isinstance(number, int) else number
        return mapping(await self.rpc.call("eth_getBlockByNumber", tag, full), self.chain.name)

    async def now(self) -> int:
        """The chain's own time: that of its latest block."""
        return int((await self.block("latest"))["timestamp"], 16)

    async def pass_time(self, seconds: int) -> None:
        """Turn an L1's clock on, where no other test minds; its rollups follow."""
        due = await self.now() + seconds
        await self.rpc.call("evm_increaseTime", hex(seconds))

        async def passed() -> bool | None:
            return True if await self.now() >= due else None

        await until(passed, f"{seconds} s to have passed on {self.chain.name}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.rpc.close()


#: `user_of("op-a", "alice")`: a funded account on a chain.
UserOf = Callable[[str, str], User]


def events(receipt: Mapping[str, Any], contract: Contract, name: str) -> list[Event]:
    """The events of this name in a receipt."""
    found = (contract.event(log) for log in receipt["logs"])
    return [event for event in found if event is not None and event.name == name]
