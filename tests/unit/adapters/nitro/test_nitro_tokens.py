"""Tokens of a Nitro chain: what its node cannot answer is not taken for what a token says."""

from typing import Any

import pytest

from tests.unit.adapters.memory_node import MemoryNode
from xl2.core.types import Address
from xl2.errors import Refused, RpcUnavailable
from xl2.ports import Cargo
from xl2_adapters.nitro.tokens import Tokens

TOKEN, OWNER, ROUTER = (Address(bytes((n,)) * 20) for n in (1, 2, 3))


class Saying(MemoryNode):
    """A node that gives one answer, or fails."""

    def __init__(self, answer: str | Exception) -> None:
        super().__init__()
        self.answer = answer

    async def ask(self, method: str, *params: Any) -> Any:
        del method, params
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "expected"), [("0x", Refused), (RpcUnavailable("no answer", endpoint="memory"), RpcUnavailable)]
)
async def test_a_token_of_no_gateway_is_refused_and_a_node_that_fails_is_waited_for(
    answer: str | Exception, expected: type[Exception]
) -> None:
    unused: Any = None
    tokens = Tokens(rollup=Saying(answer), anchor=MemoryNode(), router=ROUTER, pricing=unused)

    with pytest.raises(expected):
        await tokens.withdraw_calls(Cargo(recipient=OWNER, amount=1, token=TOKEN), TOKEN, OWNER)
