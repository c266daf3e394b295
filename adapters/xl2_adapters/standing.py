"""Standing: the verifiers that may speak for a log, and the one that is to, in; an answer in words where it may not."""

from xl2.core.evidence import VerifierMask
from xl2.errors import NotYet
from xl2.ports import Log


def require_standing(standing: VerifierMask, number: int, log: Log) -> None:
    """Raise `NotYet` where a verifier does not stand for a log: nobody pays for evidence that would be refused."""
    if not standing >> number & 1:
        raise NotYet(
            f"verifier {number} does not stand for this log on chain {log.reader}: a guardian has paused it or the "
            "lane there, or it is not registered; `xl2 watcher pauses` says what is paused, and who resumes it",
            remedy="Wait until it is resumed, or use other evidence.",
        )
