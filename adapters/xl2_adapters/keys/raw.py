"""Raw: a private key that stands in the configuration or the environment itself."""

from xl2.errors import ConfigInvalid, InvalidInput
from xl2.ports import KeySettings, Signer
from xl2_adapters.keys.account import same_account
from xl2_adapters.web3_edge import signer


def raw(key: KeySettings) -> Signer:
    """Make a signer of the key itself. Raises `ConfigInvalid`, without its value."""
    key.hide(str(key.table["key"]))
    try:
        made = signer(str(key.table["key"]))
    except InvalidInput as bad:
        raise ConfigInvalid(f"keys.{key.name}: {bad.what}", remedy=bad.remedy) from None
    same_account(key, made.address, "the private key")
    return made
