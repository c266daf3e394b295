"""Arbitrum's confirmed roots, as a rule on an OP-Stack chain and L1's own contract judge them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import frozen

from tests.devnet_user import User
from tests.scenario.route import Opened
from tests.waiting import until
from xl2.config import Config
from xl2.core.evidence import Finality
from xl2.core.header import Header
from xl2.core.types import BlockNumber, address, checksum
from xl2.errors import NotYet, Reverted
from xl2.ports import Block
from xl2_adapters.evm import Evm
from xl2_adapters.nitro.chain import NitroChain
from xl2_adapters.nitro.precompiles import ARB_SYS, WITHDRAW_ETHER
from xl2_adapters.nitro.root_proof import ProvenRoots
from xl2_adapters.nitro.roots import NitroRoot
from xl2_devnet import Description
from xl2_devnet.abi import xl2
from xl2_devnet.accounts import account

OP, ARBITRUM = "op-a", "arbitrum-b"
RULE, LIVE, PROVEN = xl2("ProvenRoots"), xl2("LiveRoots"), xl2("ProvenHeads")


@frozen(kw_only=True)
class Rule:
    """Arbitrum's confirmed roots, as op-a's rule and L1's own contract judge them."""

    reader: User
    below: User
    #: On Arbitrum.
    sender: User
    address: str
    live: str
    roots: ProvenRoots

    async def verdict(self, header: Header, proof: bytes) -> bytes | tuple[int, bytes]:
        """What the rule on op-a says: block and state root, or what it reverts with."""
        try:
            number, root = await self.reader.read(
                self.address, RULE, "settled", header.state_root, header.timestamp, proof
            )
        except Reverted as reverted:
            return reverted.revert[:4]
        return number, root

    async def live_verdict(self, header: Header, claim: bytes) -> bytes | tuple[int, bytes]:
        """What `LiveRoots` on L1 says at a block: at the tip a newer root may have taken the claimed one's place."""
        try:
            number, root = await self.below.read(self.live, LIVE, "settled", claim, at=hex(header.number))
        except Reverted as reverted:
            return reverted.revert[:4]
        return number, root

    async def stands(self, root: NitroRoot, header: Header) -> bool:
        """Whether no later block has taken the root's place at an L1 block."""
        confirmed = self.roots.roots.outbox.confirmed(header.number)
        return root.header.hash in {one.block_hash async for one in confirmed}

    async def tip(self) -> Header:
        """One below the newest block of L1: of that one, a node that is at work on the next may answer otherwise."""
        l1 = self.roots.roots.outbox.l1
        newest = (await l1.head(Finality.LATEST)).number
        return Header.of_block(await l1.raw_block(BlockNumber(newest - 1)))

    async def under(self, header: Header) -> NitroRoot:
        """Newest confirmed root at an L1 block."""
        return await self.roots.newest_settled(block_of(header), BlockNumber(1 << 40))

    async def after_a_send(self) -> NitroRoot:
        """The first confirmed root that this finds above a send made now: no root before has its name."""
        receipt = await self.sender.send(checksum(ARB_SYS), WITHDRAW_ETHER.encode(self.sender.address), value=1)
        block = int(receipt["blockNumber"], 16)

        async def confirmed() -> NitroRoot | None:
            root = await self.under(await self.tip())
            return root if root.number >= block else None

        return await until(confirmed, f"block {block} of Arbitrum to be confirmed")


@asynccontextmanager
async def opened_rule(devnet: Description, config: Config) -> AsyncIterator[Rule]:
    """The rule that a running devnet has on op-a, once a root is confirmed."""
    opened = Opened(config)
    users = [User(devnet.chain(name), account("frank").private_key) for name in (OP, "l1", ARBITRUM)]
    try:
        yield await _rule(devnet, opened, *users)
    finally:
        for user in users:
            await user.close()
        await opened.close()


def block_of(header: Header) -> Block:
    """The block whose header this is."""
    return Block(
        number=header.number,
        hash=header.hash,
        parent_hash=header.parent_hash,
        timestamp=header.timestamp,
        gas_limit=0,
    )


async def _rule(devnet: Description, opened: Opened, reader: User, below: User, sender: User) -> Rule:
    verifier = next(one for one in reader.chain.verifiers if one["kind"] == "proven" and one["remote"] == ARBITRUM)
    rule_at = await reader.read(str(verifier["address"]), PROVEN, "rule")
    home, anchor, evm = opened.chain(ARBITRUM), opened.anchor(ARBITRUM), opened.chain(OP)
    assert isinstance(home, NitroChain)
    assert isinstance(anchor, Evm)
    assert isinstance(evm, Evm)
    roots = await home.provable_roots(anchor, evm, address(rule_at))
    assert isinstance(roots, ProvenRoots)
    live = devnet.chain("l1").contracts[f"rollup_{home.chain}"]
    rule = Rule(reader=reader, below=below, sender=sender, address=rule_at, live=live, roots=roots)

    async def confirmed() -> bool | None:
        try:
            await rule.under(await rule.tip())
        except NotYet:
            return None
        return True

    await until(confirmed, "a confirmed root of Arbitrum")
    return rule
