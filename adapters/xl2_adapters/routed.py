"""
Routed heads: the L1 router asks the rollup's own contracts on L1, and the reader's canonical bridge brings the head.

Promise: a head counts when the reader's `RoutedHeads` has accepted it, and our own node of the rollup has it at the
block that the router named; what is pushed was verified here before. Where nothing that covers the log was pushed, or a
deposit was lost, the push is named as the call to make, with the wei that the reader's bridge asks for.
"""

from attrs import field, frozen

from xl2.core.evidence import Finality, Head, VerifierNumber, class_of, inline
from xl2.core.types import Assurance, BlockNumber, Hash32, Wei, checksum
from xl2.errors import NotYet, RpcRejected
from xl2.ports import Log, Needed, Shown, VerifierSettings
from xl2_adapters.anchor_view import DEPOSIT_BLOCKS, may_arrive
from xl2_adapters.contracts.routed import Pushed, RoutedHeads, Router
from xl2_adapters.evm import Evm
from xl2_adapters.pruned import is_pruned
from xl2_adapters.rollup import HeadSource
from xl2_adapters.rollup_chain import RollupChain
from xl2_adapters.standing import require_standing

#: How far back pushes are looked for, in L1 blocks: a week on Ethereum.
_LOOK_BACK_BLOCKS = 50_400


@frozen(kw_only=True)
class _Wiring:
    """What the verifier believes, and what that was connected with."""

    router: Router
    source: HeadSource


@frozen(kw_only=True)
class RoutedProver:
    """Prover for one `RoutedHeads`. Implements `xl2.ports.Prover`."""

    home: RollupChain
    reader: RollupChain
    anchor: Evm
    verifier: VerifierSettings
    _wiring: list[_Wiring] = field(factory=list, init=False)

    @property
    def name(self) -> str:
        """Kind of evidence."""
        return "routed"

    @property
    def assurance(self) -> Assurance:
        """Class of the verifier's number."""
        return class_of(VerifierNumber(self.verifier.number))

    async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        """Show a head that has arrived, or name the push that sends one. `known` has not arrived for being known."""
        del known
        require_standing(await self.reader.standing(log), self.verifier.number, log)
        wiring = await self._read_wiring()
        tip = await self.anchor.head(Finality.LATEST)
        arrived = await self._arrived(wiring, log, count, tip.number, upto)
        if arrived is not None:
            return arrived
        found = await wiring.source.newest(log, count, tip, upto)
        if isinstance(found, Needed):
            return found
        value = await self._price()
        why = f"no head of {count} or more entries was sent to chain {log.reader}"
        return Needed(calls=(wiring.router.push_call(self.home.chain, found.proof, value),), why=why)

    async def _arrived(
        self, wiring: _Wiring, log: Log, count: int, tip: BlockNumber, upto: BlockNumber
    ) -> Shown | None:
        """Newest head that the reader has accepted and that covers the log. Raises `NotYet` while one is on its way."""
        routed = RoutedHeads(self.reader, self.verifier.address)
        since = BlockNumber(max(0, tip - _LOOK_BACK_BLOCKS))
        pushes = [push for push in await wiring.router.pushed(log, since, tip) if push.number <= upto]
        under_way: list[Pushed] = []
        for push in pushes:
            try:
                covered = await wiring.source.covered(log, count, push.head, push.number)
            except RpcRejected as rejected:
                if is_pruned(rejected, push.number, upto):
                    # Older ones are too; what may have come cannot be told, so it is sent again.
                    break
                raise
            if covered is None:
                continue
            if not covered:
                # Older pushes cover less.
                break
            if await routed.accepted(log, push.head):
                return self._shown(log, push, covered)
            if tip - push.block < DEPOSIT_BLOCKS:
                under_way.append(push)
        if under_way:
            asked = await self._price()
            awaited = next((push for push in under_way if may_arrive(push.value, asked)), None)
            if awaited is not None:
                raise NotYet(
                    f"the deposit of l1 block {awaited.block} is on its way to chain {log.reader}",
                    remedy="Wait for the canonical bridge; it is sent again when it stays away.",
                )
        return None

    async def _price(self) -> Wei:
        """What bringing one head costs the reader's bridge now."""
        return await self.reader.deposit_value(self.anchor, *Router.deposit_of(heads=1))

    def _shown(self, log: Log, push: Pushed, count: int) -> Shown:
        return Shown(
            head=Head(log=log.id, head=push.head, count=count),
            evidence=inline(VerifierNumber(self.verifier.number), b""),
            assurance=self.assurance,
            trusted=(f"nobody: checked on l1 in block {push.block}, brought by the canonical bridge",),
            at=push.number,
        )

    async def _read_wiring(self) -> _Wiring:
        if not self._wiring:
            router = Router(self.anchor, await RoutedHeads(self.reader, self.verifier.address).router())
            rollup = await router.rollup_of(self.home.chain)
            if not any(rollup):
                raise NotYet(f"the router {checksum(router.address)} is not connected to chain {self.home.chain}")
            source = await self.home.head_source(self.anchor, rollup)
            self._wiring.append(_Wiring(router=router, source=source))
        return self._wiring[0]
