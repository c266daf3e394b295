"""
Accounts: the seventeen accounts that every devnet chain funds, and what each is for.

They are the first ones of the mnemonic that anvil has by default ("test test ... junk"), so any wallet can import
them. Promise: these keys are public; nothing of value may ever be sent to them on a real chain.
"""

from attrs import frozen

#: Ether that each account has on each chain at the start.
FUNDED_ETHER = 10_000
#: Signatures that an attested head needs, of the five attesters.
ATTESTER_THRESHOLD = 3


@frozen(kw_only=True)
class Account:
    """A funded account with its public secret."""

    role: str
    address: str
    private_key: str


ACCOUNTS = (
    Account(
        role="deployer",
        address="0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        private_key="0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    ),
    Account(
        role="proposer",
        address="0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        private_key="0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    ),
    Account(
        role="challenger",
        address="0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        private_key="0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    ),
    Account(
        role="relayer",
        address="0x90F79bf6EB2c4f870365E785982E1f101E93b906",
        private_key="0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    ),
    Account(
        role="attester-0",
        address="0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
        private_key="0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    ),
    Account(
        role="attester-1",
        address="0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
        private_key="0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    ),
    Account(
        role="attester-2",
        address="0x976EA74026E726554dB657fA54763abd0C3a0aa9",
        private_key="0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    ),
    Account(
        role="attester-3",
        address="0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
        private_key="0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    ),
    Account(
        role="attester-4",
        address="0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
        private_key="0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    ),
    Account(
        role="alice",
        address="0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
        private_key="0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
    ),
    Account(
        role="bob",
        address="0xBcd4042DE499D14e55001CcbB24a551F3b954096",
        private_key="0xf214f2b2cd398c806f84e317254e0f0b801d0643303237d97a22a48e01628897",
    ),
    Account(
        role="carol",
        address="0x71bE63f3384f5fb98995898A86B02Fb2426c5788",
        private_key="0x701b615bbdfb9de65240bc28bd21bbc0d996645a3dd57e7b12bc2bdf6f192c82",
    ),
    Account(
        role="dave",
        address="0xFABB0ac9d68B0B445fB7357272Ff202C5651694a",
        private_key="0xa267530f49f8280200edf313ee7af6b827f2a8bce2897751d06a843f644967b1",
    ),
    Account(
        role="erin",
        address="0x1CBd3b2770909D4e10f157cABC84C7264073C9Ec",
        private_key="0x47c99abed3324a2707c28affff1267e45918ec8c3f20b8aa892e8b065d2942dd",
    ),
    Account(
        role="frank",
        address="0xdF3e18d64BC6A983f673Ab319CCaE4f1a57C7097",
        private_key="0xc526ee95bf44d8fc405a158bb884d9d1238d99f0612e9f33d006bb0789009aaa",
    ),
    Account(
        role="grace",
        address="0xcd3B766CCDd6AE721141F452C550Ca635964ce71",
        private_key="0x8166f546bab6da521a8369cab06c5d2b9e46670292d85c875ee9ec20e84ffb61",
    ),
    Account(
        role="guardian",
        address="0x2546BcD3c84621e976D8185a91A922aE77ECEc30",
        private_key="0xea6c44ac03bff858b476bba40716402b03e41b8e97e276d1baec7c37d42484a0",
    ),
)


def account(role: str) -> Account:
    """The account of this role; KeyError if there is none."""
    return {known.role: known for known in ACCOUNTS}[role]


#: Those who sign heads, in the order of their indices.
ATTESTERS = tuple(known for known in ACCOUNTS if known.role.startswith("attester-"))
