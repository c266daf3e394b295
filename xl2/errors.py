"""
Errors: everything xl2 raises on purpose, in one tree that forks on what the caller should do next.

```
Xl2Error
├── Retryable                 nothing is wrong with the request: do the same again later
│   ├── RpcUnavailable        connection refused, timed out, 5xx, garbage instead of JSON
│   │   ├── RpcRateLimited    429; `retry_after_seconds` when the endpoint said so
│   │   └── RpcDisagreement   fewer endpoints agree than must; `said` holds who said what
│   ├── NotYet                the chains have not got that far: not final, head unknown, game unresolved
│   ├── KeyLost               whoever keeps the key does not answer, or its file cannot be read now
│   ├── StoreUnavailable      the store's disk is full, or its database does not answer
│   └── TooExpensive          gas costs more than the payer's cap
├── Refused                   this request can never succeed as it is: change it, or give up on it
│   ├── InvalidInput          a value is out of its domain
│   ├── RpcRejected           the node answered with a JSON-RPC error
│   │   └── Reverted          the call would revert; `data` holds the typed Solidity error
│   ├── RpcTooLarge           the answer is over the limit: ask for less
│   ├── ProofInvalid          a proof, segment or signature does not show what it claims
│   │   └── LayoutDiffers     a slot on the anchor holds something else than its contract tells
│   ├── NotFound              no such message, lane or transaction on the chains asked
│   ├── Incapable             the chain's family cannot do it, by what its chains are
│   ├── NotAccepted           the wallet refused the review
│   ├── LeaseLost             another daemon on the same store carries that lane, or has that key
│   └── Unaffordable          balance, fee or gas is not enough; the numbers are in the fields
└── Fatal                     going on would risk money: stop the process and look
    ├── ConfigInvalid         names the file, the key and the mend
    ├── WrongChain            the URL answers for another chain id, or another genesis
    ├── WrongSignature        a signer signed something else than it was given, or with another key
    ├── StoreCorrupt          the store cannot be trusted
    └── Incident              a promise broke on the chains: deep reorg, contradicting heads
```

Every error carries a sentence that says what was wrong with which value, and a remedy: one sentence
that says what to do. Nothing outside this tree leaves the public functions of the packages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Xl2Error(Exception):
    """Something xl2 did on purpose."""

    #: What to do when the raiser knew nothing better.
    default_remedy = "Run `xl2 doctor` to see the state of chains, keys and clocks."

    def __init__(self, what: str, *, remedy: str | None = None) -> None:
        """`what`: the sentence that says what was wrong, with the value. `remedy`: what to do."""
        super().__init__(what)
        self.what = what
        self.remedy = remedy or self.default_remedy

    @property
    def code(self) -> str:
        """Stable name for scripts and `--json`: the class's name."""
        return type(self).__name__


class Retryable(Xl2Error):
    """Nothing is wrong with the request: do the same again later."""

    default_remedy = "Try again; nothing was lost or half-done."


class RpcUnavailable(Retryable):
    """The endpoint did not give a usable answer."""

    default_remedy = "Check that the endpoint is up and reachable, or configure another one."

    def __init__(self, what: str, *, endpoint: str, remedy: str | None = None) -> None:
        """`endpoint`: the endpoint's name, never its URL with path or key."""
        super().__init__(what, remedy=remedy)
        self.endpoint = endpoint


class RpcRateLimited(RpcUnavailable):
    """The endpoint refuses for now because of too many requests."""

    default_remedy = "Lower the request rate of this endpoint, or add another one."

    def __init__(
        self,
        what: str,
        *,
        endpoint: str,
        retry_after_seconds: float | None = None,
        remedy: str | None = None,
    ) -> None:
        """`retry_after_seconds`: what the endpoint asked for, if it did."""
        super().__init__(what, endpoint=endpoint, remedy=remedy)
        self.retry_after_seconds = retry_after_seconds


class RpcDisagreement(RpcUnavailable):
    """Fewer endpoints say the same than must, and others say otherwise: nobody's word is taken."""

    default_remedy = "Find out which endpoint is wrong (docs/explanation/endpoints.md) and replace it, or add another."

    def __init__(self, what: str, *, endpoint: str, said: Mapping[str, str], remedy: str | None = None) -> None:
        """`said`: what each endpoint said, in words, by its name."""
        super().__init__(what, endpoint=endpoint, remedy=remedy)
        self.said = said


class NotYet(Retryable):
    """The chains have not got that far."""

    default_remedy = "Wait; `xl2 explain ID` says what is waited for."


class KeyLost(Retryable):
    """Whoever keeps the key does not answer, or its file cannot be read now; nothing was signed."""

    default_remedy = "Bring the signer or the key's file back; nothing was signed, and what is seen is remembered."

    def __init__(self, what: str, *, key: str, remedy: str | None = None) -> None:
        """`key`: its name under `keys` of the configuration."""
        super().__init__(what, remedy=remedy)
        self.key = key


class StoreUnavailable(Retryable):
    """The store's disk is full, or its database does not answer; nothing of what was asked was written."""

    default_remedy = "Make room on the store's disk, or see to its database; nothing was lost."


class TooExpensive(Retryable):
    """Gas costs more than the payer's cap; nothing was signed."""

    default_remedy = "Wait until gas falls, or raise max_fee_gwei of the chain."


class Refused(Xl2Error):
    """The request can never succeed as it is."""

    default_remedy = "Change the request; repeating it as it is cannot succeed."


class InvalidInput(Refused, ValueError):
    """A value is out of its domain."""

    default_remedy = "Correct the value named above."

    def __init__(self, what: str, *, field: str | None = None, value: object = None, remedy: str | None = None) -> None:
        """`field`, `value`: the offending name and what stood there."""
        super().__init__(what, remedy=remedy)
        self.field = field
        self.value = value


class RpcRejected(Refused):
    """The node answered with a JSON-RPC error."""

    default_remedy = "Read the node's message; the request itself was delivered."

    def __init__(
        self,
        what: str,
        *,
        endpoint: str,
        rpc_code: int = 0,
        data: object = None,
        remedy: str | None = None,
    ) -> None:
        """`rpc_code`: JSON-RPC error code. `data`: its data member as decoded from JSON."""
        super().__init__(what, remedy=remedy)
        self.endpoint = endpoint
        self.rpc_code = rpc_code
        self.data = data


class Reverted(RpcRejected):
    """The call would revert; `data` holds the revert bytes."""

    default_remedy = "The contract's error says why; see docs/reference/protocol.md for its names."

    def __init__(
        self,
        what: str,
        *,
        endpoint: str,
        revert: bytes = b"",
        rpc_code: int = 3,
        remedy: str | None = None,
        spent_gas: int = 0,
    ) -> None:
        """
        `revert`: the bytes the contract reverted with (4-byte selector and arguments); `spent_gas`: of a transaction
        that a block holds, 0 where it was only tried.
        """
        super().__init__(what, endpoint=endpoint, rpc_code=rpc_code, data=revert, remedy=remedy)
        self.revert = revert
        self.spent_gas = spent_gas


class RpcTooLarge(Refused):
    """The answer is over the limit."""

    default_remedy = "Ask for less at once (a shorter block range, a smaller batch), or raise the limit."

    def __init__(self, what: str, *, endpoint: str, max_bytes: int, remedy: str | None = None) -> None:
        """`max_bytes`: the limit that was passed."""
        super().__init__(what, remedy=remedy)
        self.endpoint = endpoint
        self.max_bytes = max_bytes


class ProofInvalid(Refused):
    """A proof, segment or signature does not show what it claims."""

    default_remedy = "Do not pay gas for it; fetch the proof anew from another endpoint."


class LayoutDiffers(ProofInvalid):
    """A slot on the anchor holds something else than its contract tells."""

    default_remedy = (
        "The rollup's contracts on the anchor are of another release than the verifier is made for: update xl2, and "
        "register a verifier for that release; other kinds of evidence go on."
    )

    def __init__(
        self, what: str, *, contract: str, slot: str, proven: int, told: int, remedy: str | None = None
    ) -> None:
        """`contract`, `slot`: which word, as hex. `proven`, `told`: what its proof and its getter say."""
        super().__init__(what, remedy=remedy)
        self.contract = contract
        self.slot = slot
        self.proven = proven
        self.told = told


class NotFound(Refused):
    """No such message, lane or transaction on the chains asked."""

    default_remedy = "Check the id and the chains of the configuration."


class Incapable(Refused):
    """A chain's family cannot do this, by what its chains are; no waiting and no configuration changes it."""

    default_remedy = "Choose another kind of evidence, or another chain."


class NotAccepted(Refused):
    """The wallet refused the review; nothing was signed."""

    default_remedy = "Nothing was signed or sent. Review the reasons the wallet gave."


class LeaseLost(Refused):
    """Another daemon on the same store owns what was to be written; nothing was."""

    default_remedy = "Leave it to the other daemon; each daemon that shares a store needs its own key."


class Unaffordable(Refused):
    """Balance, fee or gas is not enough."""

    default_remedy = "Add the missing amount and try again."

    def __init__(self, what: str, *, needed: int, available: int, remedy: str | None = None) -> None:
        """`needed`, `available`: in the unit that `what` names."""
        super().__init__(what, remedy=remedy)
        self.needed = needed
        self.available = available


class Fatal(Xl2Error):
    """Going on would risk money: stop the process and look."""

    default_remedy = "The process stopped on purpose. Look before you start it again."


class ConfigInvalid(Fatal):
    """The configuration cannot be used."""

    default_remedy = "Correct the key named above."


class WrongChain(Fatal):
    """The URL answers for another chain than configured."""

    default_remedy = "Correct the URL or the chain id; nothing was sent."

    def __init__(self, what: str, *, expected: int, actual: int, remedy: str | None = None) -> None:
        """`expected`, `actual`: EIP-155 chain ids."""
        super().__init__(what, remedy=remedy)
        self.expected = expected
        self.actual = actual


class WrongSignature(Fatal):
    """A signer signed something else than it was given, or with another key; it was not sent."""

    default_remedy = "Nothing was sent. Do not use this signer again before you know why."


class StoreCorrupt(Fatal):
    """The store cannot be trusted."""

    default_remedy = (
        "Move the store aside and start again: all but its journal is rebuilt from the chains, and no inbox takes a "
        "message twice."
    )


class Incident(Fatal):
    """A promise broke on the chains: a deep reorg, heads that contradict each other."""

    default_remedy = "Pause the lane and read docs/how-to about incidents."
