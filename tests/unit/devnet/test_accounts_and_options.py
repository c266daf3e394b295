"""What is public knowledge of a devnet, and what of its options is refused."""

import pytest
from eth_account import Account

from xl2.errors import InvalidInput
from xl2_devnet import Clocks, Options
from xl2_devnet.accounts import ACCOUNTS, ATTESTER_THRESHOLD, ATTESTERS


@pytest.mark.parametrize("known", ACCOUNTS, ids=lambda known: known.role)
def test_each_key_is_the_key_of_its_address(known: object) -> None:
    account = next(entry for entry in ACCOUNTS if entry is known)

    assert Account.from_key(account.private_key).address == account.address


def test_three_of_five_attesters_sign() -> None:
    assert (ATTESTER_THRESHOLD, len(ATTESTERS)) == (3, 5)
    assert len({account.role for account in ACCOUNTS}) == len(ACCOUNTS) == 17


def test_l2s_are_named_by_kind_and_letter_and_configured_by_family() -> None:
    sites = Options(l2=("op", "base", "arbitrum", "zk")).sites

    assert [(site.name, site.chain_id, site.family) for site in sites.values()] == [
        ("l1", 900, "l1"),
        ("op-a", 901, "op"),
        ("base-b", 902, "op"),
        ("arbitrum-c", 903, "nitro"),
        ("zk-d", 904, "zk"),
    ]


@pytest.mark.parametrize(("l2", "said"), [(("solana",), "'solana'"), ((), "0 L2s"), (("op",) * 9, "9 L2s")])
def test_l2s_that_cannot_be_had_are_refused(l2: tuple[str, ...], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Options(l2=l2)


def test_a_port_of_an_unknown_chain_is_refused() -> None:
    with pytest.raises(InvalidInput, match="op-z"):
        Options(ports={"op-z": 9545})


def test_clocks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="proposal_seconds"):
        Clocks(proposal_seconds=20, idle_proposal_seconds=10)
    with pytest.raises(ValueError, match="max_clock_seconds"):
        Clocks(max_clock_seconds=0)
