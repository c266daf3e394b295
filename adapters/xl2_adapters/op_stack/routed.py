"""
Routed heads: the L1 router checks an OP-Stack rollup by calls on L1, and the reader's canonical bridge brings the head.

Promise: a head counts when the reader's `RoutedHeads` has accepted it, and it was read at the block of the rollup
that the router named; what is pushed was verified here before. Where nothing that covers the log was pushed, or a
deposit was lost, the push is named as the call to make.
"""

from collections.abc import Sequence

from attrs import field, frozen

from xl2.core.evidence import Finality, Head, VerifierNumber, class_of, inline
from xl2.core.storage_proof import pack_nodes
from xl2.core.types import Assurance, BlockNumber, address, checksum
from xl2.errors import NotYet, RpcRejected
from xl2.ports import Log, Needed, Shown, VerifierSettings
from xl2_adapters.abi import Method
from xl2_adapters.chain import EvmChain
from xl2_adapters.contracts.routed import Pushed, RoutedHeads, Router
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.games import Games
from xl2_adapters.op_stack.log_head import place_of, prove_head
from xl2_adapters.pruned import is_pruned

PORTAL = Method("portal()", "(address)")

#: A deposit that has not arrived after so many L1 blocks is sent again: twelve minutes on Ethereum.
_DEPOSIT_BLOCKS = 60
#: How far back pushes are looked for, in L1 blocks: a week on Ethereum.
_LOOK_BACK_BLOCKS = 50_400


@frozen(kw_only=True)
class RoutedProver:
    """Prover for one `RoutedHeads` about an OP-Stack rollup. Implements `xl2.ports.Prover`."""

    home: EvmChain
    reader: EvmChain
    anchor: Evm
    verifier: VerifierSettings
    _wiring: list[tuple[Router, Games]] = field(factory=list, init=False)

    @property
    def name(self) -> str:
        """Kind of evidence."""
        return "routed"

    @property
    def assurance(self) -> Assurance:
        """Class of the verifier's number."""
        return class_of(VerifierNumber(self.verifier.number))

    async def show(self, log: Log, count: int, upto: BlockNumber) -> Shown | Needed:
        """Show a head that has arrived, or name the push that sends one."""
        if not await self.reader.standing(log) >> self.verifier.number & 1:
            raise NotYet(f"verifier {self.verifier.number} does not stand for this log on chain {log.reader}")
        router, games = await self._read_wiring()
        tip = await self.anchor.head(Finality.LATEST)
        since = BlockNumber(max(0, tip.number - _LOOK_BACK_BLOCKS))
        pushes = [push for push in await router.pushed(log, since, tip.number) if push.number <= upto]
        arrived = await self._arrived(log, count, pushes, tip.number, upto)
        if arrived is not None:
            return arrived
        game = await games.newest_settled(tip, upto)
        place, shown_count = await place_of(self.home, log, count, game.game.number)
        head = await prove_head(
            self.home, log, place=place, count=shown_count, at=game.game.number, state_root=game.output.state_root
        )
        claim = game.game.index.to_bytes(8) + game.output.encode()
        logs = place.account + pack_nodes(head.account_nodes) + place.encode() + pack_nodes(head.storage_nodes)
        why = f"no head of {count} or more entries was sent to chain {log.reader}"
        return Needed(calls=(router.push_call(self.home.chain, claim, logs),), why=why)

    async def _arrived(
        self, log: Log, count: int, pushes: Sequence[Pushed], tip: BlockNumber, upto: BlockNumber
    ) -> Shown | None:
        """Newest head that the reader has accepted and that covers the log. Raises `NotYet` while one is on its way."""
        routed = RoutedHeads(self.reader, self.verifier.address)
        on_its_way: Pushed | None = None
        for push in pushes:
            try:
                state = await self.home.log_state(log, push.number)
            except RpcRejected as rejected:
                if is_pruned(rejected, push.number, upto):
                    # Older ones are too; what may have come cannot be told, so it is sent again.
                    break
                raise
            if state.count < count:
                # Older pushes cover less.
                break
            place, shown_count = await place_of(self.home, log, count, push.number)
            stored = await self.home.storage(place.account, place.slot, push.number)
            if push.head not in (stored, state.head):
                continue
            shown_count = shown_count if stored == push.head else state.count
            if await routed.accepted(log, push.head):
                return self._shown(log, push, shown_count)
            if tip - push.block < _DEPOSIT_BLOCKS:
                on_its_way = push
        if on_its_way is not None:
            raise NotYet(
                f"the deposit of l1 block {on_its_way.block} is on its way to chain {log.reader}",
                remedy="Wait for the canonical bridge; it is sent again when it stays away.",
            )
        return None

    def _shown(self, log: Log, push: Pushed, count: int) -> Shown:
        return Shown(
            head=Head(log=log.id, head=push.head, count=count),
            evidence=inline(VerifierNumber(self.verifier.number), b""),
            assurance=self.assurance,
            trusted=(f"nobody: checked on l1 in block {push.block}, brought by the canonical bridge",),
            at=push.number,
        )

    async def _read_wiring(self) -> tuple[Router, Games]:
        if not self._wiring:
            router = Router(self.anchor, await RoutedHeads(self.reader, self.verifier.address).router())
            rollup = await router.rollup_of(self.home.chain)
            if not any(rollup):
                raise NotYet(f"the router {checksum(router.address)} is not connected to chain {self.home.chain}")
            answer = await self.anchor.view(rollup, PORTAL.encode())
            portal = PORTAL.decode(answer, self.anchor.endpoint)[0]
            self._wiring.append((router, Games(l1=self.anchor, rollup=self.home, portal=address(portal))))
        return self._wiring[0]
