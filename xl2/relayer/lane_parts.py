"""
Lane parts: what it takes to carry the messages of a lane.

Promise: everything that the rooms of a lane reach outside for is named here. What they do with it is `lane_rooms`'s.
"""

from collections.abc import Mapping, Sequence

from attrs import Factory, field, frozen

from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.types import Address, ChainId
from xl2.flow.alarms import Alarms
from xl2.flow.prove import BatchLimits
from xl2.ports import Chain, Clock, Observer, Prover, Store, Submitter, Unobserved
from xl2.relayer.choosing.policy import Policy
from xl2.relayer.claims import Claims


@frozen(kw_only=True)
class LaneParts:
    """What it takes to carry a lane's messages."""

    lane: Lane
    origin: Chain
    destination: Chain
    #: Of the lane log for the destination, and of the receipt log for the origin; the first that is ready serves.
    provers: Sequence[Prover]
    receipt_provers: Sequence[Prover]
    #: By chain; also of the anchor where a prover routes through it.
    submitters: Mapping[ChainId, Submitter]
    store: Store
    clock: Clock
    payee: Address | None = None
    #: What is carried, and for how much.
    policy: Policy = field(factory=Policy)
    limits: BatchLimits = field(factory=BatchLimits)
    finality: Finality = Finality.FINALIZED
    observer: Observer = field(factory=Unobserved)
    #: Shared by all lanes of a daemon, and told to its observer.
    alarms: Alarms = field(default=Factory(lambda self: Alarms(self.observer), takes_self=True), repr=False, eq=False)
    #: Shared by all lanes from this origin.
    claims: Claims = field(default=Factory(lambda self: self._own_claims(), takes_self=True), repr=False, eq=False)

    def _own_claims(self) -> Claims:
        submitter = self.submitters[self.lane.origin]
        account = self.payee or submitter.address
        return Claims(origin=self.origin, submitter=submitter, account=account, clock=self.clock)
