"""
Tally: what endpoints answered to the same calls, counted until so many agree.

Comes in: answers, one endpoint after the other. Goes out: for each call what k of them said, who said otherwise, and
where there is no such answer, the error that says who said what. Promise: pure; a refusal is no vote, and an endpoint
has one vote. What becomes of those who were outvoted is `pool`'s.
"""

from collections.abc import Hashable, Sequence

from attrs import define, field, frozen

from xl2.errors import Refused, RpcDisagreement, RpcRejected, RpcTooLarge, RpcUnavailable
from xl2_adapters.node_words import asks_for_less
from xl2_adapters.providers.trust import in_words, vote_of
from xl2_adapters.rpc_wire import Call, Json

Outcome = Json | RpcRejected
#: Why an endpoint has no answer at all.
NoAnswer = RpcUnavailable | RpcTooLarge | RpcRejected


@frozen(kw_only=True)
class Said:
    """What one endpoint said to one call."""

    by: str
    outcome: Outcome = field(repr=False)
    vote: Hashable


@frozen(kw_only=True)
class Contradiction:
    """Somebody said otherwise than those who agree, or refused what they answer."""

    call: Call
    by: str
    said: str
    #: One of those who agree, and what.
    against: str
    agreed: str


@define(kw_only=True)
class Tally:
    """Answers to calls, of which so many must be the same."""

    calls: Sequence[Call]
    needed: int
    _said: list[list[Said]] = field(init=False)
    _lost: dict[str, NoAnswer] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """One list of answers a call."""
        self._said = [[] for _ in self.calls]

    def add(self, by: str, outcomes: Sequence[Outcome]) -> None:
        """An endpoint's answers, in the order of the calls."""
        for call, said, outcome in zip(self.calls, self._said, outcomes, strict=True):
            said.append(Said(by=by, outcome=outcome, vote=vote_of(call, outcome)))

    def lose(self, by: str, error: NoAnswer) -> None:
        """An endpoint gave no answer."""
        self._lost[by] = error

    @property
    def missing(self) -> int:
        """How many more endpoints have to be asked at least; 0: every call is decided."""
        return max((self.needed - len(_best(said)) for said in self._said), default=0)

    def results(self) -> list[Outcome]:
        """
        One outcome a call: what enough said, or the refusal of it.

        Raises `RpcDisagreement` where what is needed was not said by enough and somebody said otherwise, else the error
        of those that did not answer.
        """
        return [self._result(call, said) for call, said in zip(self.calls, self._said, strict=True)]

    def contradictions(self) -> list[Contradiction]:
        """Who was outvoted, or alone in refusing, on what. To know nothing of a block yet contradicts nobody."""
        found = []
        for call, said in zip(self.calls, self._said, strict=True):
            best = _best(said)
            if len(best) < self.needed or best[0].outcome is None:
                continue
            found += [
                Contradiction(
                    call=call,
                    by=one.by,
                    said=in_words(call, one.outcome),
                    against=best[0].by,
                    agreed=in_words(call, best[0].outcome),
                )
                for one in said
                if self._differs(one, best[0])
            ]
        return found

    def _differs(self, one: Said, best: Said) -> bool:
        if isinstance(one.outcome, RpcRejected) and one.vote is None:
            return not asks_for_less(one.outcome)
        # Where one answer was enough, the others need not be the same: fees differ.
        return self.needed > 1 and one.outcome is not None and one.vote != best.vote

    def _result(self, call: Call, said: Sequence[Said]) -> Outcome:
        best = _best(said)
        if len(best) >= self.needed:
            return best[0].outcome
        votes = {one.vote for one in said if one.vote is not None and one.outcome is not None}
        if len(votes) > 1:
            words = {one.by: in_words(call, one.outcome) for one in said}
            raise disagreement(call, words, self.needed)
        if votes and any(one.outcome is None for one in said):
            # Not enough have it yet; that somebody has it already is no contradiction.
            return None
        refusals = [one.outcome for one in said if isinstance(one.outcome, RpcRejected)]
        if refusals:
            return next((one for one in refusals if asks_for_less(one)), refusals[0])
        raise self._no_answer(call, len(best))

    def _no_answer(self, call: Call, answered: int) -> RpcUnavailable | Refused:
        lost = list(self._lost.values())
        if len(lost) == 1 and not answered:
            return lost[0]
        too_large = next((one for one in lost if isinstance(one, RpcTooLarge)), None)
        if too_large is not None:
            return too_large
        why = "; ".join(one.what for one in lost) or "there is no other"
        what = f"{call.method} needs {self.needed} endpoints that agree, and {answered} answered: {why}"
        return RpcUnavailable(what, endpoint=", ".join(self._lost))


def disagreement(call: Call, words: dict[str, str], needed: int) -> RpcDisagreement:
    """The error that says who said what."""
    said = "; ".join(f"{name} says {what}" for name, what in words.items())
    return RpcDisagreement(
        f"{call.method}: no {needed} endpoints agree: {said}", endpoint=", ".join(words), said=dict(words)
    )


def _best(said: Sequence[Said]) -> list[Said]:
    """Those who said what most say."""
    by_vote: dict[Hashable, list[Said]] = {}
    for one in said:
        if one.vote is not None:
            by_vote.setdefault(one.vote, []).append(one)
    return max(by_vote.values(), key=len, default=[])
