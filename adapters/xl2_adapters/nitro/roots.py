"""
Roots: blocks of a Nitro chain that its outbox on L1 holds to be confirmed.

Comes in: an L1 block. Goes out: the newest block of the chain that is confirmed there, with its header. Promise: the
header hashes to what the outbox holds, and our own node has that block in its chain, with those sends; a root that it
does not confirm is passed over with a warning, never used. Proving it to others is left to `root_proof`.
"""

import logging
from collections.abc import Mapping

from attrs import frozen

from xl2.core.header import Header
from xl2.core.types import BlockNumber, Hash32, hex_text
from xl2.errors import NotYet, RpcRejected
from xl2.ports import Block
from xl2_adapters.evm import Evm
from xl2_adapters.nitro.outbox import ConfirmedRoot, Outbox
from xl2_adapters.nitro.precompiles import ARB_SYS, SEND_TREE
from xl2_adapters.pruned import is_pruned
from xl2_adapters.rollup import SettledRoot
from xl2_adapters.rpc_wire import Json

log = logging.getLogger(__name__)

#: Roots looked at, newest first, before giving up.
_MAX_ROOTS = 32


@frozen(kw_only=True)
class NitroRoot(SettledRoot):
    """A confirmed block, and the root of sends by which the outbox knows it."""

    send_root: Hash32
    #: How many sends are under it.
    sends: int
    header: Header


@frozen(kw_only=True)
class Roots:
    """The confirmed blocks of one chain."""

    rollup: Evm
    outbox: Outbox

    async def newest_settled(self, at: Block, upto: BlockNumber) -> NitroRoot:
        """
        Newest confirmed block at an L1 block that is not above `upto`.

        Raises `NotYet` where there is none, with the reason of the newest, or where our node keeps nothing so old.
        """
        reasons: list[str] = []
        looked = 0
        async for claimed in self.outbox.confirmed(at.number):
            found = await self._judged(claimed, upto)
            if isinstance(found, NitroRoot):
                return found
            reasons.append(found)
            looked += 1
            if looked == _MAX_ROOTS:
                break
        reason = reasons[0] if reasons else f"none was confirmed up to l1 block {at.number}"
        raise NotYet(f"no usable confirmed block of chain {self.rollup.chain}: {reason}")

    async def _judged(self, claimed: ConfirmedRoot, upto: BlockNumber) -> NitroRoot | str:
        """The root where our own node has the same; else why it is passed over."""
        name = f"root {hex_text(claimed.send_root)}"
        block = await self.rollup.ask("eth_getBlockByHash", hex_text(claimed.block_hash), False)
        if not isinstance(block, dict):
            return self._passed_over(
                claimed, f"our node knows no block {hex_text(claimed.block_hash)}, which {name} is about"
            )
        header = Header.of_block(block)
        if header.hash != claimed.block_hash:
            # Not the rollup's fault: the endpoint answers another question.
            return f"{self.rollup.endpoint} sent another block for {hex_text(claimed.block_hash)}"
        if header.number > upto:
            return f"{name} is about block {header.number}, known is the chain up to {upto}"
        if (await self.rollup.block(header.number)).hash != header.hash:
            return self._passed_over(claimed, f"block {header.number} of our node is another than {name} is about")
        try:
            sends = await sends_under(self.rollup, block, header, claimed.send_root)
        except RpcRejected as rejected:
            if not is_pruned(rejected, header.number, upto):
                raise
            # Older roots are about older blocks: no use in asking on.
            raise NotYet(
                f"{self.rollup.endpoint} keeps no state of block {header.number}, the newest that is confirmed",
                remedy="Wait for a newer block to be confirmed, or name an archive node of the rollup.",
            ) from rejected
        if sends is None:
            return self._passed_over(claimed, f"the sends up to block {header.number} have another root than {name}")
        return NitroRoot(
            number=header.number,
            state_root=header.state_root,
            name=name,
            send_root=claimed.send_root,
            sends=sends,
            header=header,
        )

    def _passed_over(self, claimed: ConfirmedRoot, why: str) -> str:
        fields = {"chain": self.rollup.chain, "root": hex_text(claimed.send_root), "l1_block": claimed.at}
        log.warning("a confirmed root is passed over: %s", why, extra={"fields": fields})
        return why


async def sends_under(rollup: Evm, block: Mapping[str, Json], header: Header, send_root: Hash32) -> int | None:
    """
    How many sends there were by a block, where their root is this one; None where it is another.

    Nitro's headers commit to both (`extraData`, and the first 8 bytes of `mixHash`), so no state is needed there; a
    node that does not write them is asked for the state of that block. Raises `RpcRejected` where it keeps none.
    """
    if block.get("extraData") == hex_text(send_root):
        return int(str(block.get("mixHash"))[2:18], 16)
    if header.number == 0:
        # Nobody has sent anything before the first block, and a node that began from a state keeps none of that one.
        return None if any(send_root) else 0
    answer = await rollup.view(ARB_SYS, SEND_TREE.encode(), header.number)
    size, root, _ = SEND_TREE.decode(answer, rollup.endpoint)
    return int(size) if root == send_root else None
