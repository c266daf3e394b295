"""
Development keys: accounts whose private keys everybody knows, and where they may sign.

In: a configuration and an account. Promise: such an account signs on devnets alone. Bots take within a block whatever
reaches one on a public chain (anvil and Hardhat start with the twenty accounts of the mnemonic "test test ... junk").
"""

from typing import Final

from xl2.config import Config
from xl2.core.types import Address, checksum
from xl2.errors import ConfigInvalid

#: Ids that local chains have: anvil and Hardhat, geth --dev, and those of xl2's and supersim's devnets.
DEVNET_IDS: Final = frozenset({31337, 1337, *range(900, 1000)})

ACCOUNTS: Final = frozenset(
    Address(bytes.fromhex(account))
    for account in (
        "f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
        "90f79bf6eb2c4f870365e785982e1f101e93b906",
        "15d34aaf54267db7d7c367839aaf71a00a2c6a65",
        "9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
        "976ea74026e726554db657fa54763abd0c3a0aa9",
        "14dc79964da2c08b23698b3d3cc7ca32193d9955",
        "23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f",
        "a0ee7a142d267c1f36714e4a8f75612f20a79720",
        "bcd4042de499d14e55001ccbb24a551f3b954096",
        "71be63f3384f5fb98995898a86b02fb2426c5788",
        "fabb0ac9d68b0b445fb7357272ff202c5651694a",
        "1cbd3b2770909d4e10f157cabc84c7264073c9ec",
        "df3e18d64bc6a983f673ab319ccae4f1a57c7097",
        "cd3b766ccdd6ae721141f452c550ca635964ce71",
        "2546bcd3c84621e976d8185a91a922ae77ecec30",
        "bda5747bfd65f08deb54cb465eb87d40e51b197e",
        "dd2fd4581271e230360230f9337d5c0430bf44c0",
        "8626f6940e2eb28930efb4cef49b2d1f2c9c1199",
    )
)


def refuse_off_devnets(config: Config, account: Address, what: str) -> None:
    """
    Raise `ConfigInvalid` where an account that everybody has the key of would sign on a chain that is no devnet.

    `what`: the key in words. A configuration with a `devnet` table is a devnet's, whatever its chains' ids are.
    """
    if account not in ACCOUNTS or config.devnet is not None:
        return
    real = [f"{name} ({chain.chain_id})" for name, chain in config.chains.items() if chain.chain_id not in DEVNET_IDS]
    if real:
        raise ConfigInvalid(
            f"{what} is the well-known development key of {checksum(account)}, which everybody has; "
            f"{', '.join(real)} {'is' if len(real) == 1 else 'are'} no devnet, and whatever it holds there is taken",
            remedy="Make your own with `xl2 keys new`; a local copy of that chain is declared by a [devnet] table.",
        )
