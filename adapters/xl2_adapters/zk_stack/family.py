"""Family: chains of the ZK stack over one L1. See `rollup_family` for what is kept."""

from xl2.ports import ChainSettings, Reviews
from xl2_adapters.fee_model import FeeModel
from xl2_adapters.rollup_family import RollupFamily
from xl2_adapters.zk_stack.canonical.bridge import ZkBridge
from xl2_adapters.zk_stack.chain import NO_STORAGE_PROOFS, ZkChain
from xl2_adapters.zk_stack.fees import ZkFees
from xl2_adapters.zk_stack.reviews import REVIEWS


class ZkStack(RollupFamily[ZkChain]):
    """ZKsync Era and its kin. Implements `xl2.ports.Family`."""

    @property
    def reviews(self) -> Reviews:
        """Of the bridge below."""
        return REVIEWS

    def fee_model(self) -> FeeModel:
        """See `fees`."""
        return ZkFees()

    def _open(self, settings: ChainSettings) -> ZkChain:
        return ZkChain(settings)

    def bridge_to_anchor(self, settings: ChainSettings, anchor: ChainSettings) -> ZkBridge:
        """The rollup's own bridge to its anchor. Raises `ConfigInvalid` where `settings.rollup` lacks a contract."""
        return ZkBridge.of(settings, self.evm(settings), self.anchor(anchor))

    def why_not(self, kind: str) -> str | None:
        """State proofs there are none of."""
        return NO_STORAGE_PROOFS if kind == "proven" else super().why_not(kind)
