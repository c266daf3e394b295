"""How parts are put together: by name, from the configuration alone, and taken up where a crash left them."""

from pathlib import Path

import pytest
from attrs import evolve

from tests.unit.sdk.scene import A, Scene
from xl2.app.attesters import Attesters, attester_of, signers_here
from xl2.app.clients import connect_async, signer_of
from xl2.app.families import family
from xl2.app.naming import book_of
from xl2.app.parts import parts_of
from xl2.app.sending import RecoveringSubmitter
from xl2.config import Config, Secret, load
from xl2.core.types import Address, Wei, address, hex_text
from xl2.errors import ConfigInvalid, NotFound, Reverted
from xl2.flow.submit import JournalledSubmitter, SubmitPolicy
from xl2.ports import Call, Transaction
from xl2.store import SqliteStore
from xl2.testing import MemorySigner
from xl2.wallet import Unattended
from xl2_adapters.web3_edge import signer

EXAMPLE = Path(__file__).parents[3] / "examples" / "xl2.toml"
KEY = "0x" + "11" * 32
SIGNER = signer(KEY).address
MINE = {"mine": Secret(KEY)}


@pytest.fixture
def config() -> Config:
    return load(EXAMPLE, {})


def test_a_family_is_found_by_its_entry_point(config: Config) -> None:
    made = family(config.chain("a"))

    assert made.chain(config.chain("a")).chain == 901


def test_a_family_that_is_not_installed_is_refused_with_those_that_are(config: Config) -> None:
    with pytest.raises(ConfigInvalid, match="family 'pigeon'") as refused:
        family(evolve(config.chain("a"), family="pigeon"))

    assert "op" in refused.value.remedy


def test_a_chain_that_nothing_settles_on_and_that_settles_nowhere_is_refused(config: Config) -> None:
    alone = evolve(config, chains={"a": evolve(config.chains["a"], anchor="", verifiers=())})

    with pytest.raises(ConfigInvalid, match="has no anchor"):
        parts_of(alone, store=SqliteStore(":memory:"), signer=signer_of(alone), hooks=Unattended())


def test_the_book_of_a_review_names_what_the_configuration_names(config: Config) -> None:
    book = book_of(config)

    a = config.chain("a")
    assert book.role(a.chain, a.contracts["outbox"]) == "Outbox"
    assert book.role(a.chain, a.verifiers[0].address) == "AttestedHeads"
    assert book.role(config.chain("l1").chain, config.chain("l1").contracts["router_901"]) == "Router"
    place = config.token("DMT").on["a"]
    assert (book.role(a.chain, place.token), book.role(a.chain, place.bridge)) == ("ERC20", "TokenBridge")
    assert book.bridges[a.chain, place.bridge].token == place.token


def test_the_book_names_the_contracts_of_the_rollups_own_bridges_as_their_families_do(config: Config) -> None:
    diamond, there = (Address(bytes((place,)) * 20) for place in (7, 8))
    as_zk = evolve(config.chains["b"], family="zk", rollup={"diamond": diamond, "l2_bridge": there})
    book = book_of(evolve(config, chains={**config.chains, "b": as_zk}))

    l1, a, b = (config.chain(name).chain for name in ("l1", "a", "b"))
    assert book.role(l1, config.chain("a").rollup["portal"]) == "OptimismPortal"
    assert book.role(a, address("0x4200000000000000000000000000000000000010")) == "StandardBridge"
    assert (book.role(l1, diamond), book.role(b, there)) == ("ZkDiamond", "L2ERC20Bridge")
    assert book.role(l1, there) is None


def test_attesters_are_asked_by_url_and_those_whose_keys_are_here_directly(config: Config) -> None:
    reader = config.chain("a")
    mine = evolve(reader.verifiers[0], signers=(*reader.verifiers[0].signers, SIGNER))
    here = evolve(config, keys=MINE)

    found = Attesters(here, {}).of(evolve(reader, verifiers=(mine,)))

    assert [attester.address for attester in found] == [*config.attester.urls, SIGNER]


def test_an_attester_is_made_once_whatever_log_it_is_asked_about(config: Config) -> None:
    reader = config.chain("a")
    mine = evolve(reader.verifiers[0], signers=(*reader.verifiers[0].signers, SIGNER))
    attesters = Attesters(evolve(config, keys=MINE), {})

    first, again = (attesters.of(evolve(reader, verifiers=(mine,))) for _ in range(2))

    assert len(first) == len(config.attester.urls) + 1
    assert [one is other for one, other in zip(first, again, strict=True)] == [True] * len(first)


def test_a_key_that_is_no_signer_attests_nothing(config: Config) -> None:
    here = evolve(config, keys=MINE)

    assert [one.address for one in Attesters(here, {}).of(config.chain("a"))] == [*config.attester.urls]


def two_verifiers(config: Config, *signers: tuple[Address, ...]) -> Config:
    """Chain a with an attested verifier for each set of signers."""
    entry = config.chains["a"]
    attested = entry.verifiers[0]
    verifiers = [
        evolve(attested, number=place, address=Address(bytes((place,)) * 20), signers=some, threshold=1)
        for place, some in enumerate(signers, 1)
    ]
    return evolve(config, chains={**config.chains, "a": evolve(entry, verifiers=tuple(verifiers))}, keys=MINE)


def test_of_two_verifiers_an_attester_signs_for_the_one_that_names_it(config: Config) -> None:
    other = config.chain("a").verifiers[0].signers

    made = attester_of(two_verifiers(config, (SIGNER,), other), "mine", {})

    assert made.verifiers[A] == b"\x01" * 20


def test_an_attester_that_two_verifiers_name_is_refused(config: Config) -> None:
    with pytest.raises(ConfigInvalid, match="signer of 2 attested verifiers on chain a"):
        attester_of(two_verifiers(config, (SIGNER,), (SIGNER,)), "mine", {})


async def test_reading_needs_no_key_and_signing_says_where_to_put_one(config: Config) -> None:
    async with connect_async(evolve(config, journal=Path(":memory:"))) as client:
        assert client.contract("a", "outbox")
        with pytest.raises(NotFound) as refused:
            client.address("a")

    assert "XL2_KEYS__USER" in refused.value.remedy


async def test_what_a_crash_left_unsent_is_sent_before_anything_new_and_told(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    user = MemorySigner.named("user")
    call = scene.a.claim_call(user.address)
    left = await user.sign_transaction(transaction_of(call), "signed before the crash")
    await scene.store.keep(left, "signed before the crash")

    inner = JournalledSubmitter(scene.a, user, scene.store, scene.clock, SubmitPolicy())
    submitter = RecoveringSubmitter(inner, A, scene.store)
    with pytest.raises(Reverted):
        await submitter.submit(call)  # nothing to claim: refused by the simulation, after the old one was seen to

    assert await scene.a.tx_receipt(left.hash) is not None
    (told,) = [record for record in caplog.records if record.name == "xl2.app.sending"]
    assert told.levelname == "WARNING"
    assert told.getMessage() == (
        f"a transaction of an earlier run reverted: signed before the crash ({hex_text(left.hash)})"
    )
    assert list(await scene.store.pending(A, user.address)) == []
    await scene.client.close()


def transaction_of(call: Call) -> Transaction:
    return Transaction(
        chain=call.chain,
        tx_nonce=0,
        to=call.to,
        data=call.data,
        value=call.value,
        gas_limit=100_000,
        max_fee=Wei(10**12),
        priority_fee=Wei(1),
    )


async def test_public_networks_have_their_own_bridges_though_xl2_has_no_contracts_there(tmp_path: Path) -> None:
    file = tmp_path / "xl2.toml"
    names = ("ethereum", "op-mainnet", "base", "arbitrum-one", "zksync-era")
    file.write_text("".join(f'[chains.{name}]\nnetwork = "{name}"\nrpc_url = "http://127.0.0.1:1"\n' for name in names))

    async with connect_async(file) as client:
        parts = client._parts
        bridges = [parts.bridges(chain) for chain in parts.rollups]

    assert [bridge.rollup for bridge in bridges] == [10, 8453, 42161, 324]
    assert {bridge.anchor for bridge in bridges} == {1}
    assert list(parts.chains) == []


def test_keys_are_looked_at_for_signers_without_a_url_alone(config: Config) -> None:
    entry = config.chains["a"]
    mine = evolve(entry.verifiers[0], signers=(*entry.verifiers[0].signers, SIGNER))
    here = evolve(config, chains={**config.chains, "a": evolve(entry, verifiers=(mine,))}, keys=MINE)
    urls = dict.fromkeys(mine.signers, "http://127.0.0.1:1")

    assert signers_here(here) == {SIGNER}
    assert signers_here(evolve(here, attester=evolve(here.attester, urls=urls))) == frozenset()
