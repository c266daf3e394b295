"""Families: what each installed one says it can, and readers of any family."""

from importlib.metadata import entry_points

import pytest

from xl2.core.types import Address, ChainId
from xl2.errors import ConfigInvalid
from xl2.ports import ChainSettings, Family, VerifierSettings
from xl2_adapters.attested import AttestedProver
from xl2_adapters.chain import EvmChain
from xl2_adapters.evm_family import EvmFamily
from xl2_adapters.nitro import Nitro
from xl2_adapters.op_stack import OpStack
from xl2_adapters.proven import ProvenProver
from xl2_adapters.routed import RoutedProver

FAMILIES = {entry.name: entry for entry in entry_points(group="xl2.adapters")}
CONTRACTS = {name: Address(bytes((place,)) * 20) for place, name in enumerate(("outbox", "inbox", "heads"), 1)}
VERIFIERS = tuple(
    VerifierSettings(number=number, kind=kind, address=Address(bytes((number,)) * 20), remote=ChainId(remote))
    for number, kind, remote in (
        (129, "proven", 901),
        (130, "routed", 0),
        (0, "attested", 901),
        (131, "proven", 903),
        (140, "telepathic", 901),
    )
)
ANCHOR = ChainSettings(chain=ChainId(900), name="l1", family="l1", rpc_url="http://127.0.0.1:1")


def settings(chain: int, verifiers: tuple[VerifierSettings, ...] = ()) -> ChainSettings:
    return ChainSettings(
        chain=ChainId(chain),
        name=f"c-{chain}",
        family="test",
        rpc_url="http://127.0.0.1:1",
        contracts=CONTRACTS,
        verifiers=verifiers,
        anchor=ANCHOR.chain,
    )


class Plain(EvmFamily[EvmChain]):
    """Chains known by their endpoint alone."""

    def _open(self, settings: ChainSettings) -> EvmChain:
        return EvmChain(settings)


def test_the_families_of_the_house_are_installed() -> None:
    assert {"op", "nitro", "zk"} <= set(FAMILIES)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_can_each_kind_of_evidence_or_says_in_words_why_not(name: str) -> None:
    family: Family = FAMILIES[name].load()()

    for kind in ("attested", "proven", "routed"):
        reason = family.why_not(kind)
        assert reason is None or len(reason.split()) > 4
    assert "telepathy" in (family.why_not("telepathy") or "")


def test_there_is_a_prover_for_each_verifier_about_the_home_whatever_family_the_reader_is_of() -> None:
    reader = Nitro().chain(settings(902, VERIFIERS))

    found = OpStack().provers(settings(901), reader, ANCHOR, [])

    assert [type(one) for one in found] == [AttestedProver, ProvenProver, RoutedProver]


def test_a_chain_known_by_its_endpoint_alone_is_attested_and_its_readers_may_be_any() -> None:
    plain = Plain()
    reader = OpStack().chain(settings(902, VERIFIERS))

    assert [type(one) for one in plain.provers(settings(901), reader, ANCHOR, [])] == [AttestedProver]
    assert plain.why_not("proven") == plain.why_not("routed") != plain.why_not("telepathy")


def test_a_reader_that_does_not_say_how_it_hears_of_its_anchor_is_refused_where_that_matters() -> None:
    attested = tuple(one for one in VERIFIERS if one.kind == "attested")

    assert OpStack().provers(settings(901), Plain().chain(settings(902, attested)), ANCHOR, [])
    with pytest.raises(ConfigInvalid, match=r"verifier 129 on chain 902 \(c-902\) is proven"):
        OpStack().provers(settings(901), Plain().chain(settings(902, VERIFIERS)), ANCHOR, [])


def test_a_family_opens_each_chain_once() -> None:
    family = OpStack()

    assert family.chain(settings(901)) is family.chain(settings(901))
    assert family.anchor(ANCHOR) is family.anchor(ANCHOR)
    assert family.chain(settings(901, VERIFIERS)) is family.chain(settings(901, VERIFIERS))


def test_a_bridge_that_nobody_wrote_is_refused_by_name() -> None:
    with pytest.raises(ConfigInvalid, match=r"chain 901 \(c-901\), of family 'test'"):
        Plain().bridge_to_anchor(settings(901), ANCHOR)
