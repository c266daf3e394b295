"""Account: what a key turned out to be, compared with what the configuration says it is."""

from xl2.core.types import Address, checksum
from xl2.errors import ConfigInvalid
from xl2.ports import KeySettings


def same_account(key: KeySettings, found: Address, where: str) -> None:
    """Raise `ConfigInvalid` where a key is another account's than the configuration says. `where`: who says so."""
    if key.address is not None and key.address != found:
        raise ConfigInvalid(
            f"keys.{key.name}: {where} is the key of {checksum(found)}, the configuration says {checksum(key.address)}",
            remedy=f"Correct `address` of keys.{key.name}, or name the key that was meant.",
        )
