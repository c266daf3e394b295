"""Family: chains of the OP Stack, whichever era of contracts each has on L1. See `rollup_family` for what is kept."""

from xl2.ports import ChainSettings, Reviews
from xl2_adapters.fee_model import FeeModel
from xl2_adapters.op_stack.canonical.bridge import OpBridge
from xl2_adapters.op_stack.chain import OpChain
from xl2_adapters.op_stack.fees import OpFees
from xl2_adapters.op_stack.reviews import REVIEWS
from xl2_adapters.rollup_family import RollupFamily


class OpStack(RollupFamily[OpChain]):
    """Optimism, Base and their kin. Implements `xl2.ports.Family`."""

    @property
    def reviews(self) -> Reviews:
        """Of the bridge below."""
        return REVIEWS

    def fee_model(self) -> FeeModel:
        """See `fees`."""
        return OpFees()

    def _open(self, settings: ChainSettings) -> OpChain:
        return OpChain(settings)

    def bridge_to_anchor(self, settings: ChainSettings, anchor: ChainSettings) -> OpBridge:
        """Portal, messengers and standard bridges."""
        return OpBridge(rollup=self.evm(settings), anchor=self.anchor(anchor), settings=settings)
