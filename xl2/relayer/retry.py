"""
Retry: how long a message, or a room, rests after something went wrong, by what went wrong.

Promise: no error of an endpoint is final, nothing is tried in a hurry twice, and nothing rests for ever: each policy
has a longest rest, and counts its own attempts, so that who waited long for a chain rests a moment when an endpoint
fails once. The RPC client alone repeats single calls; these policies are about whole messages. A test lists the first
delays of each.
"""

from attrs import define, field
from tenacity import RetryCallState, wait_chain, wait_exponential, wait_fixed
from tenacity.wait import wait_base

from xl2.errors import (
    KeyLost,
    NotYet,
    ProofInvalid,
    Reverted,
    RpcRateLimited,
    RpcRejected,
    RpcUnavailable,
    StoreUnavailable,
    Unaffordable,
    Xl2Error,
)

_LONGEST_WAIT_SECONDS = 12.0
#: What waits for longer than ten minutes waits for days maybe.
_LONG_WAIT_SECONDS, _LONGEST_LONG_WAIT_SECONDS = 600.0, 60.0
#: The chains have not got that far: look again about once a block, of L1 in the end.
WAITING = wait_exponential(multiplier=1, exp_base=1.5, max=_LONGEST_WAIT_SECONDS)
#: An endpoint, whoever keeps the key, or the store is down or slow.
ENDPOINT = wait_exponential(multiplier=1, max=60)
#: An endpoint is down, slow or spoiled while a daemon starts: it begins work soon after.
STARTING = wait_exponential(multiplier=0.5, max=10)
#: The transaction would revert: state or fees must move first.
REVERTED = wait_chain(*(wait_fixed(seconds) for seconds in (5, 10, 30, 60, 180, 600)))
#: A recipient that failed: its own state must change, or somebody must retry with more gas.
RECIPIENT = wait_chain(*(wait_fixed(seconds) for seconds in (10, 30, 60, 300, 900, 3600)))
#: Logs, proofs or signatures do not hold: another block may be told truly, and somebody should look.
UNTRUE = wait_chain(*(wait_fixed(seconds) for seconds in (5, 15, 60, 300)))
#: It is on no list of what is carried, and only another configuration changes that.
DENIED = wait_fixed(3600)
#: Out of money for gas.
POOR = wait_chain(*(wait_fixed(seconds) for seconds in (30, 60, 300)))

#: For longer nobody rests because an endpoint asks for it: the date that it names may be by another clock.
_LONGEST_ASKED_SECONDS = 600.0


def policy_for(cause: Xl2Error) -> wait_base:
    """The policy of a cause."""
    match cause:
        case NotYet():
            return WAITING
        case Reverted():
            return REVERTED
        # Also what a node rejects: it keeps no state that old, say, and is asked about a newer block next time.
        case RpcUnavailable() | RpcRejected() | KeyLost() | StoreUnavailable():
            return ENDPOINT
        case ProofInvalid():
            return UNTRUE
        case Unaffordable():
            return POOR
        case _:
            return REVERTED


def rest_seconds(cause: Xl2Error, attempts: int) -> float:
    """How long to rest after the `attempts`-th fruitless attempt, from 1; an endpoint may ask for up to ten minutes."""
    return max(delay(policy_for(cause), attempts), _asked_seconds(cause))


def is_attempt(cause: Xl2Error) -> bool:
    """Whether a message was tried; while a chain, an endpoint, the key or the store is waited for, it was not."""
    return policy_for(cause) not in (WAITING, ENDPOINT)


def waiting_seconds(cause: Xl2Error, stood: float) -> float:
    """
    How long a message rests for what is no attempt, by the seconds that it has stood: half of them, later less.

    Whole seconds, so that many that wait alike are one write. By whatever clock, which may have been set back.
    """
    stood = abs(stood)
    longest = _LONGEST_WAIT_SECONDS if stood < _LONG_WAIT_SECONDS else _LONGEST_LONG_WAIT_SECONDS
    share = 2 if stood < _LONG_WAIT_SECONDS else _LONG_WAIT_SECONDS / _LONGEST_WAIT_SECONDS
    return max(min(max(1.0, stood // share), longest), _asked_seconds(cause))


def _asked_seconds(cause: Xl2Error) -> float:
    asked = cause.retry_after_seconds if isinstance(cause, RpcRateLimited) else None
    return min(asked or 0.0, _LONGEST_ASKED_SECONDS)


def delay(policy: wait_base, attempts: int) -> float:
    """What a policy says after so many attempts."""
    state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]
    state.attempt_number = max(1, attempts)
    return float(policy(state))


@define
class InVain:
    """Looks in vain, one after another, and how many of the last ones failed alike."""

    _policy: wait_base | None = field(default=None, init=False)
    _attempts: int = field(default=0, init=False)

    def rest_seconds(self, cause: Xl2Error) -> float:
        """One more was; how long to rest."""
        policy = policy_for(cause)
        self._attempts = self._attempts + 1 if policy is self._policy else 1
        self._policy = policy
        return rest_seconds(cause, self._attempts)

    def over(self) -> None:
        """One was not."""
        self._policy = None
