"""
Proven heads: from an L1 block hash that the reader knows down to the log's slot on an OP-Stack rollup.

Promise: no signer is trusted; every step was verified here by the rules of the contract before it is handed out. A root
that the reader keeps already is used again (one slot proof); else all comes inline. Where the reader knows no L1 block
that is new enough, or none whose state a node still keeps, the call that makes it know one is named.
"""

from attrs import field, frozen

from xl2.core import storage_proof
from xl2.core.evidence import Finality, VerifierNumber, class_of, inline
from xl2.core.header import Header
from xl2.core.types import Assurance, BlockNumber, Timestamp, address, hex_text
from xl2.errors import ConfigInvalid, NotYet, RpcRejected
from xl2.ports import Block, Call, Log, Needed, Shown, VerifierSettings
from xl2_adapters.abi import Method
from xl2_adapters.chain import EvmChain
from xl2_adapters.contracts.proven import Checkpoints, ProvenHeads
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.games import Games, SettledGame
from xl2_adapters.op_stack.log_head import LogHead, place_of, prove_head
from xl2_adapters.op_stack.settled import Pins, SettledProof
from xl2_adapters.pruned import is_pruned

#: Predeploy in which every block of an OP-Stack chain names its L1 origin.
_L1_BLOCK = address("0x4200000000000000000000000000000000000015")
_NUMBER = Method("number()", "(uint64)")

#: Checkpoints looked at, newest first, before a new one is asked for.
_CHECKPOINTS = 4


@frozen(kw_only=True)
class _Wiring:
    """What the verifier was deployed with."""

    checkpoints: Checkpoints
    pins: Pins
    games: Games


@frozen(kw_only=True)
class _UnderL1:
    """A head, and the proof of the storage root that it stands under, from an L1 block down."""

    head: LogHead
    root_proof: bytes
    header: Header
    game: SettledGame


@frozen(kw_only=True)
class ProvenProver:
    """Prover for one `ProvenHeads` about an OP-Stack rollup. Implements `xl2.ports.Prover`."""

    home: EvmChain
    reader: EvmChain
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

    async def show(self, log: Log, count: int, upto: BlockNumber) -> Shown | Needed:
        """Show a head under a root that the reader keeps, or else inline."""
        if not await self.reader.standing(log) >> self.verifier.number & 1:
            raise NotYet(f"verifier {self.verifier.number} does not stand for this log on chain {log.reader}")
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
        head, header, game = found.head, found.header, found.game.game
        proof = storage_proof.inline_proof(head.place, root=found.root_proof, storage_nodes=head.storage_nodes)
        trusted = f"nobody: storage proof under l1 block {header.number} {hex_text(header.hash)}, game {game.index}"
        return Shown(
            head=head.head,
            evidence=inline(VerifierNumber(self.verifier.number), proof),
            assurance=self.assurance,
            trusted=(trusted,),
            at=game.number,
        )

    async def _under_l1(self, log: Log, count: int, upto: BlockNumber, wiring: _Wiring) -> _UnderL1 | Needed:
        """A head and all its proofs, under the newest L1 block kept by the reader at which a game covers the log."""
        # First on L1 as the reader sees it now: without a game that covers the log no checkpoint helps.
        seen = await self.anchor.block(await self._anchor_seen())
        covering = await wiring.games.newest_settled(seen, upto)
        await place_of(self.home, log, count, covering.game.number)
        tip = (await self.reader.head(Finality.LATEST)).number
        kept = await wiring.checkpoints.kept(self.reader.settings.start, tip)
        why = f"chain {log.reader} keeps no l1 block yet"
        for number, block_hash in kept[:_CHECKPOINTS]:
            header = Header.of_block(await self.anchor.raw_block(number))
            if header.hash != block_hash:
                # L1 reorganised; the reader's own checkpoint goes with its next blocks.
                continue
            try:
                game = await wiring.games.newest_settled(_block(header), upto)
                place, shown_count = await place_of(self.home, log, count, game.game.number)
            except NotYet as not_yet:
                why = not_yet.what
                break
            except RpcRejected as rejected:
                if not is_pruned(rejected, number, seen.number):
                    raise
                why = f"no state is kept for l1 block {number}, the newest that chain {log.reader} keeps"
                break
            root = await self._root(game, header, wiring)
            head = await prove_head(
                self.home, log, place=place, count=shown_count, at=game.game.number, state_root=game.output.state_root
            )
            proof = storage_proof.root_proof(l1_header=header.encoded, settled=root, account_nodes=head.account_nodes)
            return _UnderL1(head=head, root_proof=proof, header=header, game=game)
        return Needed(calls=(wiring.checkpoints.checkpoint_call(),), why=why)

    async def _anchor_seen(self) -> BlockNumber:
        """Newest L1 block that the reader sees, and a checkpoint would keep."""
        answer = await self.reader.view(_L1_BLOCK, _NUMBER.encode())
        return BlockNumber(_NUMBER.decode(answer, self.reader.endpoint)[0])

    async def _root(self, game: SettledGame, header: Header, wiring: _Wiring) -> bytes:
        return await SettledProof(self.anchor, header, wiring.pins).build(game)

    async def _read_wiring(self) -> _Wiring:
        if not self._wiring:
            chain, checkpoints, rule = await ProvenHeads(self.reader, self.verifier.address).wiring()
            if chain != self.home.chain:
                raise ConfigInvalid(
                    f"verifier {self.verifier.number} on chain {self.reader.chain} is about chain {chain}, "
                    f"configured is {self.home.chain}",
                    remedy="Correct `remote` of the verifier.",
                )
            pins = await Pins.read(self.reader, rule)
            games = Games(l1=self.anchor, rollup=self.home, portal=pins.portal)
            self._wiring.append(_Wiring(checkpoints=Checkpoints(self.reader, checkpoints), pins=pins, games=games))
        return self._wiring[0]


def _block(header: Header) -> Block:
    return Block(
        number=header.number,
        hash=header.hash,
        parent_hash=header.parent_hash,
        timestamp=Timestamp(header.timestamp),
        gas_limit=0,
    )
