"""Family: chains of Arbitrum Nitro over one L1. See `rollup_family` for what is kept."""

from xl2.ports import ChainSettings, Reviews
from xl2_adapters.fee_model import FeeModel
from xl2_adapters.nitro.canonical.bridge import NitroBridge
from xl2_adapters.nitro.chain import NitroChain
from xl2_adapters.nitro.fees import NitroFees
from xl2_adapters.nitro.reviews import REVIEWS
from xl2_adapters.rollup_family import RollupFamily


class Nitro(RollupFamily[NitroChain]):
    """Arbitrum One, Nova and their kin. Implements `xl2.ports.Family`."""

    @property
    def reviews(self) -> Reviews:
        """Of the bridge below."""
        return REVIEWS

    def fee_model(self) -> FeeModel:
        """See `fees`."""
        return NitroFees()

    def _open(self, settings: ChainSettings) -> NitroChain:
        return NitroChain(settings)

    def bridge_to_anchor(self, settings: ChainSettings, anchor: ChainSettings) -> NitroBridge:
        """The rollup's own bridge to its anchor. Raises `ConfigInvalid` where `settings.rollup` lacks a contract."""
        return NitroBridge.of(settings, self.evm(settings), self.anchor(anchor))
