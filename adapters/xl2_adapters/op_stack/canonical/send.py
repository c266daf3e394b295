"""
Canonical send: what is to cross becomes calls of messenger, standard bridge, portal or message passer.

Promise: what could never arrive is refused before money moves: a token pair that does not match, a recipient that
fails, a balance that is too low. Ether to an account without code goes by the shortest way, since nothing can fail
there; all else by the messenger, which keeps what failed for another try.
"""

from attrs import frozen

from xl2.core.amounts import wei_and_ether
from xl2.core.types import ZERO_ADDRESS, Address, Wei, checksum
from xl2.errors import InvalidInput, Reverted, Unaffordable
from xl2.ports import Call, Cargo
from xl2_adapters.abi import Method
from xl2_adapters.contracts.alias import speaker
from xl2_adapters.erc20 import ALLOWANCE, APPROVE, BALANCE
from xl2_adapters.op_stack.canonical.message import BRIDGE_ETHER, BRIDGE_TOKEN, SEND, Ends
from xl2_adapters.op_stack.canonical.tokens import Side, pair_of
from xl2_adapters.op_stack.output_root import MESSAGE_PASSER

DEPOSIT = Method("depositTransaction(address,uint256,uint64,bool,bytes)")
LEAST_GAS = Method("minimumGasLimit(uint64)", "(uint64)")
INITIATE = Method("initiateWithdrawal(address,uint256,bytes)")

#: What a standard bridge's own functions for wallets ask for the other side (`RECEIVE_DEFAULT_GAS_LIMIT`).
_BRIDGE_GAS = 200_000
_LEAST_CALL_GAS = 21_000
_ESTIMATE_MARGIN_PERCENT = 30
#: The portal burns gas by a price that moves from block to block: an estimate is good for its own block only.
_DEPOSIT_MARGIN_PERCENT = 100
_MAX_GAS_LIMIT = (1 << 32) - 1


@frozen(kw_only=True)
class Sender:
    """One way over a rollup's bridge."""

    here: Side
    there: Side
    ends: Ends
    #: Of the rollup, on the anchor; None: this way leads up from the rollup.
    portal: Address | None

    async def calls(self, cargo: Cargo, sender: Address) -> list[Call]:
        """Calls that send cargo, an approval first where one is needed."""
        if cargo.recipient == ZERO_ADDRESS:
            raise InvalidInput("recipient is the zero address", field="recipient", remedy="Name who it is meant for.")
        if cargo.token is not None:
            return await self._token(cargo, cargo.token, sender)
        is_plain = not await self.there.evm.code(cargo.recipient)
        await self._check_ether(cargo, sender)
        if cargo.is_direct or (cargo.is_direct is None and is_plain):
            return [await self._direct(cargo, sender)]
        return [await self._by_messenger(cargo)]

    async def _token(self, cargo: Cargo, token: Address, sender: Address) -> list[Call]:
        if cargo.is_direct:
            raise InvalidInput("tokens go by the standard bridge only", field="is_direct", remedy="Leave it out.")
        if not cargo.amount:
            raise InvalidInput("the amount is zero", field="amount", value=0, remedy="Name how much is to cross.")
        pair = await pair_of(token, cargo.token_there, self.here, self.there)
        evm = self.here.evm
        asked = [(token, BALANCE.encode(sender)), (token, ALLOWANCE.encode(sender, self.here.bridge))]
        balance, allowance = await evm.views(asked)
        available = int(BALANCE.decode(balance, evm.endpoint)[0])
        if available < cargo.amount:
            raise Unaffordable(
                f"{checksum(sender)} has {available} units of {checksum(token)} on {self.here.name}, "
                f"not {cargo.amount}",
                needed=cargo.amount,
                available=available,
            )
        calls = []
        if not pair.is_burned and int(ALLOWANCE.decode(allowance, evm.endpoint)[0]) < cargo.amount:
            calls.append(
                Call(
                    chain=evm.chain,
                    to=token,
                    data=APPROVE.encode(self.here.bridge, cargo.amount),
                    what=f"let the standard bridge take {cargo.amount} units of {checksum(token)}",
                )
            )
        gas = _gas_limit(cargo.gas_limit, _BRIDGE_GAS)
        data = BRIDGE_TOKEN.encode(pair.here, pair.there, cargo.recipient, cargo.amount, gas, cargo.data)
        calls.append(self._call(self.here.bridge, data, 0, f"{cargo.amount} units of {checksum(token)}", cargo))
        return calls

    async def _direct(self, cargo: Cargo, sender: Address) -> Call:
        what = wei_and_ether(cargo.amount)
        if self.portal is None:
            gas = _gas_limit(cargo.gas_limit, await self._estimated(cargo, None))
            data = INITIATE.encode(cargo.recipient, gas, cargo.data)
            return self._call(MESSAGE_PASSER, data, cargo.amount, what, cargo)
        is_contract = bool(await self.here.evm.code(sender))
        origin = speaker(sender) if is_contract else sender
        evm = self.here.evm
        answer = await evm.view(self.portal, LEAST_GAS.encode(len(cargo.data)))
        gas = _gas_limit(
            cargo.gas_limit, max(int(LEAST_GAS.decode(answer, evm.endpoint)[0]), await self._estimated(cargo, origin))
        )
        data = DEPOSIT.encode(cargo.recipient, cargo.amount, gas, False, cargo.data)
        return self._call(self.portal, data, cargo.amount, what, cargo)

    async def _by_messenger(self, cargo: Cargo) -> Call:
        what = wei_and_ether(cargo.amount)
        gas = _gas_limit(cargo.gas_limit, await self._estimated(cargo, self.ends.messenger_there))
        if cargo.data or not cargo.amount:
            data = SEND.encode(cargo.recipient, cargo.data, gas)
            return self._call(self.ends.messenger, data, cargo.amount, what, cargo)
        return self._call(self.ends.bridge, BRIDGE_ETHER.encode(cargo.recipient, gas, b""), cargo.amount, what, cargo)

    async def _estimated(self, cargo: Cargo, caller: Address | None) -> int:
        """Gas for the call on the other side, where its caller is known to be this one."""
        if cargo.gas_limit is not None:
            return cargo.gas_limit
        call = Call(
            chain=self.there.evm.chain,
            to=cargo.recipient,
            data=cargo.data,
            # The ether comes along with the call: to ask whether the caller has it today would be another question.
            value=Wei(0),
            what=f"the call of {checksum(cargo.recipient)} on {self.there.name}",
        )
        try:
            estimate = await self.there.evm.simulate(call, caller or cargo.recipient)
        except Reverted as reverted:
            raise InvalidInput(
                f"{call.what} would fail now: {reverted.what}",
                field="recipient",
                value=checksum(cargo.recipient),
                remedy="Give a gas limit if it will succeed when it arrives; nothing was sent.",
            ) from reverted
        return max(_LEAST_CALL_GAS, estimate + estimate * _ESTIMATE_MARGIN_PERCENT // 100)

    async def _check_ether(self, cargo: Cargo, sender: Address) -> None:
        available = await self.here.evm.balance(sender)
        if available < cargo.amount:
            raise Unaffordable(
                f"{checksum(sender)} has {wei_and_ether(available)} on {self.here.name}, "
                f"not {wei_and_ether(cargo.amount)}",
                needed=cargo.amount,
                available=available,
            )

    def _call(self, to: Address, data: bytes, value: int, what: str, cargo: Cargo) -> Call:
        verb = "withdraw" if self.portal is None else "deposit"
        return Call(
            chain=self.here.evm.chain,
            to=to,
            data=data,
            value=Wei(value),
            margin_percent=20 if self.portal is None else _DEPOSIT_MARGIN_PERCENT,
            what=f"{verb} {what} to {checksum(cargo.recipient)} on {self.there.name}",
        )


def _gas_limit(wished: int | None, least: int) -> int:
    """What was asked for, or what is needed. Raises `InvalidInput` for less than can serve."""
    gas = least if wished is None else wished
    if not 0 <= gas <= _MAX_GAS_LIMIT:
        raise InvalidInput(f"gas limit is {gas}", field="gas_limit", value=gas, remedy="Give less than 2^32.")
    return gas
