"""
Ports: what the house asks of the outside, as Protocols over frozen values. It names no chain family and speaks no RPC.

Promise: everything that awaits is on the outside, and raises nothing but the tree of `xl2.errors`: `Retryable` means
ask again, `Refused` means never as it is, `Fatal` means stop. Absence is an answer of a chain at a named block (`None`,
an empty sequence), never the meaning of an error.

Read in this order: `seen`, `transactions`, `chains`, `assets`, `canonical`, `provers`, `controls`, `leases`, `store`,
`observer`, `families`, `fitting`. Who implements what: chains, provers and canonical bridges `xl2_adapters`, the
submitter `xl2.flow.submit`, the store `xl2.store`, signers the user's wallet, all of them once more in memory
`xl2.testing`.
"""

from xl2.ports.alarm_lines import AlarmLines
from xl2.ports.assets import Bridge, BridgeLink, BridgeTerms, Token
from xl2.ports.canonical import (
    CanonicalBridge,
    Cargo,
    Crossing,
    CrossingState,
    CrossingStep,
    Direction,
    Move,
)
from xl2.ports.chains import Blocks, Chain, Destination, HeadReader, Origin
from xl2.ports.controls import INCIDENT, Controls, Pause
from xl2.ports.endpoints import Endpoints, EndpointState
from xl2.ports.families import ChainSettings, Family, VerifierSettings
from xl2.ports.fitting import Fitting, Misfit
from xl2.ports.keys import KeySettings, OpenedLater, SignerMaker
from xl2.ports.leases import (
    LANE_LEASES,
    LONGEST_LEASE_SECONDS,
    SIGNER_LEASES,
    Lease,
    Leases,
    lane_lease,
    lease_account,
    signer_lease,
)
from xl2.ports.observer import Alarm, AlarmKind, Observer, Several, Unobserved
from xl2.ports.provers import Attester, Heeded, Needed, Prover, RemoteAttester, Shown, SignedHead
from xl2.ports.reviews import NO_REVIEWS, Amount, Book, Caution, Meaning, Reviews, shown_bytes, unexpected_value
from xl2.ports.seen import Block, Ending, Entry, Failure, Fate, Log, LogState, Place, Sent
from xl2.ports.store import Cursor, Happening, Record, Step, Store
from xl2.ports.transactions import (
    Broadcast,
    Call,
    Clock,
    Fees,
    Journal,
    Journalled,
    Rates,
    SignedTransaction,
    Signer,
    Submitter,
    Transaction,
    TxLook,
    TxQuote,
    TxReceipt,
)
from xl2.ports.watching import HeadShown, Motion, Moved, Rights, Watched

__all__ = [
    "INCIDENT",
    "LANE_LEASES",
    "LONGEST_LEASE_SECONDS",
    "NO_REVIEWS",
    "SIGNER_LEASES",
    "Alarm",
    "AlarmKind",
    "AlarmLines",
    "Amount",
    "Attester",
    "Block",
    "Blocks",
    "Book",
    "Bridge",
    "BridgeLink",
    "BridgeTerms",
    "Broadcast",
    "Call",
    "CanonicalBridge",
    "Cargo",
    "Caution",
    "Chain",
    "ChainSettings",
    "Clock",
    "Controls",
    "Crossing",
    "CrossingState",
    "CrossingStep",
    "Cursor",
    "Destination",
    "Direction",
    "Ending",
    "EndpointState",
    "Endpoints",
    "Entry",
    "Failure",
    "Family",
    "Fate",
    "Fees",
    "Fitting",
    "Happening",
    "HeadReader",
    "HeadShown",
    "Heeded",
    "Journal",
    "Journalled",
    "KeySettings",
    "Lease",
    "Leases",
    "Log",
    "LogState",
    "Meaning",
    "Misfit",
    "Motion",
    "Move",
    "Moved",
    "Needed",
    "Observer",
    "OpenedLater",
    "Origin",
    "Pause",
    "Place",
    "Prover",
    "Rates",
    "Record",
    "RemoteAttester",
    "Reviews",
    "Rights",
    "Sent",
    "Several",
    "Shown",
    "SignedHead",
    "SignedTransaction",
    "Signer",
    "SignerMaker",
    "Step",
    "Store",
    "Submitter",
    "Token",
    "Transaction",
    "TxLook",
    "TxQuote",
    "TxReceipt",
    "Unobserved",
    "VerifierSettings",
    "Watched",
    "lane_lease",
    "lease_account",
    "shown_bytes",
    "signer_lease",
    "unexpected_value",
]
