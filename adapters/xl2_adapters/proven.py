"""
Proven heads: from an L1 block hash that the reader knows down to the log's slot on a rollup with state roots on L1.

Promise: no signer is trusted; every step was verified here by the rules of the contract before it is handed out. A root
that the reader keeps already is used again (one slot proof); else all comes inline. Where the reader knows no L1 block
that is new enough, or none whose state a node still keeps, the call that makes it know one is named.
"""

from typing import Any

from attrs import field, frozen

from xl2.core import storage_proof
from xl2.core.evidence import Finality, VerifierNumber, class_of, inline
from xl2.core.header import Header
from xl2.core.types import Assurance, BlockNumber, Hash32, Timestamp, hex_text
from xl2.errors import ConfigInvalid, NotYet, RpcRejected
from xl2.ports import Block, Call, Log, Needed, Shown, VerifierSettings
from xl2_adapters.anchor_view import AnchorView
from xl2_adapters.contracts.proven import ProvenHeads
from xl2_adapters.evm import Evm
from xl2_adapters.log_head import LogHead, place_of, prove_head
from xl2_adapters.pruned import is_pruned
from xl2_adapters.rollup import ProvableRoots, SettledRoot
from xl2_adapters.rollup_chain import RollupChain
from xl2_adapters.standing import require_standing

#: Blocks of the anchor looked at, newest first, before the reader is told of a new one.
_ANCHOR_BLOCKS = 4


@frozen(kw_only=True)
class _Wiring:
    """What the verifier was deployed with."""

    view: AnchorView
    roots: ProvableRoots[Any]


@frozen(kw_only=True)
class _UnderL1:
    """A head, and the proof of the storage root that it stands under, from an L1 block down."""

    head: LogHead
    root_proof: bytes
    header: Header
    root: SettledRoot


@frozen(kw_only=True)
class ProvenProver:
    """Prover for one `ProvenHeads`. Implements `xl2.ports.Prover`."""

    home: RollupChain
    reader: RollupChain
    anchor: Evm
    verifier: VerifierSettings
    _wiring: list[_Wiring] = field(factory=list, init=False)

    @property
    def name(self) -> str:
        """Kind of evidence."""
        return "proven"

    @property
    def assurance(self) -> Assurance:
        """Class of the verifier's number."""
        return class_of(VerifierNumber(self.verifier.number))

    async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        """Show a head under a root that the reader keeps, or else inline: what storage holds, whatever is `known`."""
        del known
        require_standing(await self.reader.standing(log), self.verifier.number, log)
        wiring = await self._read_wiring()
        kept = await self._kept(log, count, upto)
        if kept is not None:
            return kept
        return await self._inline(log, count, upto, wiring)

    async def keep(self, log: Log, count: int, upto: BlockNumber) -> Call | Needed:
        """The call that lets the reader keep the storage root of such a head: later heads there cost one slot proof."""
        wiring = await self._read_wiring()
        found = await self._under_l1(log, count, upto, wiring)
        if isinstance(found, Needed):
            return found
        return ProvenHeads(self.reader, self.verifier.address).prove_call(found.root_proof, log.account)

    async def _kept(self, log: Log, count: int, upto: BlockNumber) -> Shown | None:
        """Evidence under a storage root that the reader keeps and that is new enough."""
        proven = ProvenHeads(self.reader, self.verifier.address)
        tip = (await self.reader.head(Finality.LATEST)).number
        blocks = await proven.proven_blocks(log.account, self.reader.settings.start, tip)
        at = next((block for block in blocks if block <= upto), None)
        if at is None:
            return None
        try:
            if (await self.home.log_state(log, at)).count < count:
                return None
        except RpcRejected as rejected:
            if is_pruned(rejected, at, upto):
                return None
            raise
        header = Header.of_block(await self.home.raw_block(at))
        place, shown_count = await place_of(self.home, log, count, at)
        head = await prove_head(self.home, log, place=place, count=shown_count, at=at, state_root=header.state_root)
        if head.storage_root != await proven.storage_root(log.account, at):
            return None
        proof = storage_proof.cached_proof(place, l2_block=at, storage_nodes=head.storage_nodes)
        return Shown(
            head=head.head,
            evidence=inline(VerifierNumber(self.verifier.number), proof),
            assurance=self.assurance,
            trusted=(f"nobody: storage proof under the root of block {at} kept by chain {log.reader}",),
            at=at,
        )

    async def _inline(self, log: Log, count: int, upto: BlockNumber, wiring: _Wiring) -> Shown | Needed:
        """Evidence that has everything in it."""
        found = await self._under_l1(log, count, upto, wiring)
        if isinstance(found, Needed):
            return found
        head, header, root = found.head, found.header, found.root
        proof = storage_proof.inline_proof(head.place, root=found.root_proof, storage_nodes=head.storage_nodes)
        trusted = f"nobody: storage proof under l1 block {header.number} {hex_text(header.hash)}, {root.name}"
        return Shown(
            head=head.head,
            evidence=inline(VerifierNumber(self.verifier.number), proof),
            assurance=self.assurance,
            trusted=(trusted,),
            at=root.number,
        )

    async def _under_l1(self, log: Log, count: int, upto: BlockNumber, wiring: _Wiring) -> _UnderL1 | Needed:
        """A head and all its proofs, under the newest L1 block that the reader knows and whose roots cover the log."""
        # First on L1 as the reader could see it now: without a root that covers the log no newer block helps.
        seen = await self.anchor.block(await wiring.view.newest())
        covering = await wiring.roots.newest_settled(seen, upto)
        await place_of(self.home, log, count, covering.number)
        why = f"chain {log.reader} keeps no l1 block yet"
        for number, block_hash in await wiring.view.kept(_ANCHOR_BLOCKS):
            header = Header.of_block(await self.anchor.raw_block(number))
            if header.hash != block_hash:
                # L1 reorganised; what the reader keeps of it goes with its next blocks.
                continue
            try:
                root = await wiring.roots.newest_settled(_block(header), upto)
                place, shown_count = await place_of(self.home, log, count, root.number)
            except NotYet as not_yet:
                why = not_yet.what
                break
            except RpcRejected as rejected:
                if not is_pruned(rejected, number, seen.number):
                    raise
                why = f"no state is kept for l1 block {number}, the newest that chain {log.reader} keeps"
                break
            settled = await wiring.roots.rule_proof(root, header)
            head = await prove_head(
                self.home, log, place=place, count=shown_count, at=root.number, state_root=root.state_root
            )
            proof = storage_proof.root_proof(
                l1_header=header.encoded, settled=settled, account_nodes=head.account_nodes
            )
            return _UnderL1(head=head, root_proof=proof, header=header, root=root)
        return Needed(calls=(await wiring.view.keep(),), why=why)

    async def _read_wiring(self) -> _Wiring:
        if not self._wiring:
            chain, checkpoints, rule = await ProvenHeads(self.reader, self.verifier.address).wiring()
            if chain != self.home.chain:
                raise ConfigInvalid(
                    f"verifier {self.verifier.number} on chain {self.reader.chain} is about chain {chain}, "
                    f"configured is {self.home.chain}",
                    remedy="Correct `remote` of the verifier.",
                )
            view = self.reader.anchor_view(self.anchor, checkpoints)
            roots = await self.home.provable_roots(self.anchor, self.reader, rule)
            self._wiring.append(_Wiring(view=view, roots=roots))
        return self._wiring[0]


def _block(header: Header) -> Block:
    return Block(
        number=header.number,
        hash=header.hash,
        parent_hash=header.parent_hash,
        timestamp=Timestamp(header.timestamp),
        gas_limit=0,
    )
