"""A configuration is read whole or refused whole, with every mistake named at once."""

import json
import tomllib
from pathlib import Path

import attrs
import pytest

from tests.unit.config.files import refusal, written
from xl2.config import Config, find, load, require_key
from xl2.core.types import Assurance
from xl2.errors import ConfigInvalid, NotFound

EXAMPLE = Path(__file__).parents[3] / "examples" / "xl2.toml"
KEY = "0x" + "ab" * 32
MINIMAL = """
[chains.a]
chain_id = 901
family = "op"
rpc_url = "http://127.0.0.1:8545/secret-key"
"""


def test_the_shipped_example_loads_and_says_what_its_comments_say() -> None:
    config = load(EXAMPLE, {})

    assert [settings.name for settings in config.settings()] == ["l1", "a", "b"]
    assert config.chain("a").anchor == 900
    assert config.chain("b").verifiers[0].remote == 901
    assert config.token("dmt").assurance is Assurance.ATTESTED


def test_every_key_of_the_tree_stands_in_the_example() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")

    def names(kind: type) -> list[str]:
        return [attribute.name for attribute in attrs.fields(kind) if attribute.name not in ("source", "devnet")]

    tree: list[type] = [Config]
    tree += [type(getattr(load(EXAMPLE, {}), section)) for section in ("relayer", "attester", "log")]

    absent = [
        name
        for kind in tree
        for name in names(kind)
        if not any(written in text for written in (f"{name} =", f"[{name}", f".{name}]"))
    ]

    assert absent == []


def test_what_the_example_comments_out_are_the_defaults(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    # Placeholders are no defaults: keys, payees, and the addresses of attesters.
    defaults = [line[2:] for line in lines if line.startswith("# ") and " = " in line]
    shown = [line for line in defaults if '"0x..."' not in line]
    assert len(shown) >= 16

    text = "\n".join(line[2:] if line.startswith("# ") and line[2:] in shown else line for line in lines)

    assert attrs.evolve(load(written(tmp_path, text), {}), source=EXAMPLE) == load(EXAMPLE, {})


def test_all_that_is_wrong_is_said_at_once_with_file_line_and_key(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """jornal = "x"
[chains.a]
chain_id = "901"
family = "op"
[chains.b]
chain_id = 902
family = "op"
rpc_url = "http://127.0.0.1:1"
[chains.b.contracts]
outbox = "0x12"
[[chains.b.verifiers]]
number = 0
kind = "attested"
address = "0x0000000000000000000000000000000000000001"
treshold = 1
""",
    )

    said = refusal(path)

    assert said.splitlines()[0] == "5 things are wrong in the configuration:"
    assert "xl2.toml:1: jornal: unknown key: jornal; did you mean journal?" in said
    assert "xl2.toml:3: chains.a.chain_id: '901' is not a whole number" in said
    assert "xl2.toml:2: chains.a.rpc_url: the key 'rpc_url' is missing" in said
    assert "xl2.toml:10: chains.b.contracts.outbox: address is '0x12', not 20 bytes" in said
    assert "xl2.toml:15: chains.b.verifiers.0.treshold: unknown key: treshold" in said


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        ('anchor = "l9"', "chains.a.anchor: there is no chain 'l9'; defined are: a"),
        ('[chains.b]\nchain_id = 901\nfamily = "op"\nrpc_url = "http://x"', "901 is also the id of chain a"),
        ('[chains.b]\nchain_id = 0\nfamily = "op"\nrpc_url = "http://x"', "0 is no EIP-155 chain id"),
        ('[chains.b]\nchain_id = 1\nfamily = "op"\nrpc_url = "ftp://x"', "an RPC URL begins with http"),
        ('rpc_urls = ["ws://x"]', "chains.a.rpc_urls.0: an RPC URL begins with http"),
        ('rpc_urls = ["http://x", "http://x"]', "chains.a.rpc_urls.1: this endpoint is named already"),
        ('rpc_urls = ["http://x"]\nquorum = 3', "chains.a.quorum: 3 of 2 endpoints cannot agree"),
        ('ws_url = "http://x"', "chains.a.ws_url: a websocket's URL begins with ws://"),
        ("rpc_timeout_seconds = 0", "chains.a.rpc_timeout_seconds: 0.0 seconds are no time"),
        ("stale_seconds = -1", "chains.a.stale_seconds: -1.0 seconds are no time"),
        ("rpc_calls_per_second = -1", "chains.a.rpc_calls_per_second: -1.0 calls a second are none"),
        ('[keys]\nuser = "0x12"', "keys.user: a private key is 0x and 64 hex digits"),
        ("[relayer]\nbatch = 0", "relayer.batch: 0 messages are no batch"),
        ("[relayer]\nmin_fee_wei = -1", "relayer.min_fee_wei: -1 is no amount of wei"),
        ("[relayer]\npoll_seconds = nan", "relayer.poll_seconds: nan seconds are no time to wait"),
        ("[relayer]\nlease_seconds = inf", "relayer.lease_seconds: inf seconds are no time for a lease"),
        (
            "[relayer]\nlease_seconds = 301",
            "relayer.lease_seconds: 301.0 seconds are no time for a lease; up to 300 are",
        ),
        ("[relayer]\nkeep_days = inf", "relayer.keep_days: inf days are no time"),
        ("[relayer.policy]\nwait_seconds = nan", "relayer.policy.wait_seconds: nan seconds are no time to keep"),
        ("[relayer.policy]\nwait_seconds = 86401", "0 is none, 86400 the most"),
        (
            "[relayer.policy]\nloss_gas_per_hour = 1499999",
            "relayer.policy.loss_gas_per_hour: 1499999 gas is less than a first message",
        ),
        (
            '[[relayer.policy.lanes]]\norigin = "a"\ndestination = "a"\nwait_seconds = -1',
            "relayer.policy.lanes.0.wait_seconds: -1.0 seconds are no time to keep",
        ),
        ('[relayer.finality]\nattested = "latest"', "xl2.toml:6: relayer.finality: unknown key: finality"),
        ("[relayer]\nbatch = true", "relayer.batch: True is not a whole number"),
        ("start = -7", "chains.a.start: -7 is no number of a block"),
        ("max_fee_gwei = nan", "chains.a.max_fee_gwei: nan gwei is no price of gas"),
        ("max_fee_gwei = inf", "chains.a.max_fee_gwei: inf gwei is no price of gas"),
        (
            '[[tokens]]\nsymbol = "T"\ndecimals = -1\nassurance = "attested"\non = {}',
            "tokens.0.decimals: -1 are no decimals",
        ),
        (
            '[relayer]\nstore = "mysql://db/x"',
            "relayer.store: a store is a file, or a URL that begins with postgresql://",
        ),
        ('[relayer]\nhosts = "proxy.example"', "xl2.toml:7: relayer.hosts: this is not a list"),
        ('rpc_urls = "http://x"', "chains.a.rpc_urls: this is not a list"),
        ("[chains.a.verifiers]\nnumber = 0", "chains.a.verifiers: this is not a list"),
        ('rpc_urls = ["http://"]', "chains.a.rpc_urls.0: an RPC URL begins with http:// or https://, and names a host"),
        ('[relayer]\npayee = "0x' + "00" * 20 + '"', "xl2.toml:7: relayer.payee: fees would be the zero address's"),
        ('[attester.urls]\n"0x' + "ab" * 20 + '" = "127.0.0.1:17001"', "xl2.toml:7: attester.urls.0x"),
        (
            '[attester.urls]\n"0x' + "ab" * 20 + '" = "http://127.0.0.1:port"',
            "an attester's URL is http:// or https://",
        ),
        ('[log]\nlevel = "LOUD"', "log.level: 'LOUD' is no level; there are DEBUG, INFO"),
        ('[log]\nform = "xml"', "log.form: 'xml' is neither console nor json"),
        (
            '[[chains.a.verifiers]]\nnumber = 0\nkind = "attested"\naddress = "0x' + "11" * 20 + '"',
            "0 of 0 signers is no quorum",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path: Path, added: str, sentence: str) -> None:
    assert sentence in refusal(written(tmp_path, MINIMAL + added))


def test_a_bad_secret_is_refused_without_being_repeated(tmp_path: Path) -> None:
    said = refusal(written(tmp_path, MINIMAL + '[keys]\nuser = "correct horse battery staple"'))

    assert "horse" not in said


def test_a_mistake_in_toml_names_its_line(tmp_path: Path) -> None:
    assert "line 2" in refusal(written(tmp_path, "a = 1\nb = = 2"))


def test_a_file_that_is_not_there_is_said_with_the_way_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="cannot be read") as refused:
        load(tmp_path / "none.toml", {})

    assert "xl2 devnet up" in refused.value.remedy


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = {
        "XL2_CHAINS__A__RPC_URL": "http://127.0.0.1:9",
        "XL2_KEYS__USER": KEY,
        "XL2_RELAYER__BATCH": "7",
        "XL2_KEY": "other",
        "XL2_RELAYER__PAYEE": "0x" + "11" * 20,
        "XL2_ANVIL": "/somewhere/anvil",
    }

    config = load(written(tmp_path, MINIMAL), environ)

    assert config.chain("a").rpc_url == "http://127.0.0.1:9"
    assert config.secret("user").reveal() == KEY
    assert (config.relayer.batch, config.relayer.payee, config.key) == (7, b"\x11" * 20, "other")


def test_a_dash_in_a_name_is_an_underscore_in_the_environment(tmp_path: Path) -> None:
    file = written(tmp_path, MINIMAL.replace("[chains.a", "[chains.op-a"))
    both = written(tmp_path, MINIMAL + MINIMAL.replace("[chains.a", "[chains.A-b").replace("901", "902")
                   + MINIMAL.replace("[chains.a", "[chains.a_b").replace("901", "903"), "both.toml")  # fmt: skip

    config = load(file, {"XL2_CHAINS__OP_A__RPC_URL": "http://127.0.0.1:9"})
    exact = load(both, {"XL2_CHAINS__A_B__RPC_URL": "http://127.0.0.1:9"})
    wrong = refusal(file, {"XL2_CHAINS__OP_A__RPC_URL": "ftp://x"})

    assert config.chain("op-a").rpc_url == "http://127.0.0.1:9"
    # Where one is spelt just so, it is meant.
    assert [exact.chain(name).rpc_url for name in (902, 903)] == [
        load(both, {}).chain(902).rpc_url,
        "http://127.0.0.1:9",
    ]
    assert "XL2_CHAINS__OP_A__RPC_URL in the environment: chains.op-a.rpc_url" in wrong


def test_a_mistyped_variable_of_the_environment_is_refused(tmp_path: Path) -> None:
    assert "relayer.batsch: unknown key" in refusal(written(tmp_path, MINIMAL), {"XL2_RELAYER__BATSCH": "7"})


def test_what_is_wrong_in_the_environment_is_looked_for_there_and_not_in_the_file(tmp_path: Path) -> None:
    environ = {"XL2_RELAYER__BATCH": "many", "XL2_RELAYER__CLASSES": '["atested"]', "XL2_RELAYER__BATSCH": "7"}

    of_values = refusal(written(tmp_path, MINIMAL), {name: environ[name] for name in list(environ)[:2]})
    of_names = refusal(written(tmp_path, MINIMAL), environ)

    assert "XL2_RELAYER__BATCH in the environment: relayer.batch: 'many' is not a whole number" in of_values
    assert "XL2_RELAYER__CLASSES in the environment: relayer.classes.0: 'atested' is no evidence class" in of_values
    assert "XL2_RELAYER__BATSCH in the environment: relayer.batsch: unknown key" in of_names


def test_no_secret_shows_in_the_tree(tmp_path: Path) -> None:
    config = load(written(tmp_path, MINIMAL), {"XL2_KEYS__USER": KEY})

    shown = repr(config) + str(config.keys["user"]) + repr(list(config.settings()))

    assert "abab" not in shown
    assert "secret-key" not in shown


def test_json_of_the_same_tree_is_read_too(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps(tomllib.loads(MINIMAL)), "devnet.json")

    assert load(path, {}).chain("eip155:901").name == "a"


@pytest.mark.parametrize("named", ["c", 903, "eip155:1"])
def test_an_unknown_chain_is_refused_with_what_there_is(tmp_path: Path, named: str | int) -> None:
    config = load(written(tmp_path, MINIMAL), {})

    with pytest.raises(NotFound, match="there is no chain") as refused:
        config.chain(named)

    assert "a (901)" in refused.value.remedy


def test_a_missing_key_says_the_variable_to_set(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refused:
        load(written(tmp_path, MINIMAL), {}).secret("user")

    assert "XL2_KEYS__USER" in refused.value.remedy


def test_the_file_is_found_by_variable_then_by_name(tmp_path: Path) -> None:
    named = written(tmp_path, MINIMAL, "devnet.json")

    assert find({}, tmp_path) == named
    assert find({"XL2_CONFIG": "elsewhere.toml"}, tmp_path) == Path("elsewhere.toml")
    with pytest.raises(ConfigInvalid, match="there is no configuration"):
        find({}, tmp_path / "empty")


def test_what_the_relayers_view_cannot_be_is_said_with_its_line(tmp_path: Path) -> None:
    text = MINIMAL + '\n[relayer]\nlisten = "here"\ntoken = "hunter2"\npoll_seconds = 0.0\n'

    said = refusal(written(tmp_path, text))

    first = text.splitlines().index("[relayer]") + 2
    assert f"xl2.toml:{first}: relayer.listen: 'here' is not HOST:PORT; write it like 127.0.0.1:9100" in said
    assert f"xl2.toml:{first + 1}: relayer.token: it has fewer than 16 characters" in said
    assert f"xl2.toml:{first + 2}: relayer.poll_seconds: 0.0 seconds are no time to wait" in said
    assert "hunter2" not in said


def test_a_token_of_digits_alone_is_text_in_the_environment(tmp_path: Path) -> None:
    config = load(written(tmp_path, MINIMAL), {"XL2_RELAYER__TOKEN": "1234567890123456"})

    assert config.relayer.token.reveal() == "1234567890123456"


@pytest.mark.parametrize(
    ("written_as", "said"),
    [
        ("relaier", "there is no key named 'relaier'; did you mean relayer? [keys] has relayer"),
        ("0x" + "5a" * 32, "this is a private key, not the name of one"),
    ],
)
def test_a_key_that_is_named_wrongly_is_said_with_its_line_and_never_repeated(
    tmp_path: Path, written_as: str, said: str
) -> None:
    text = MINIMAL + f'\n[keys]\nrelayer = "0x{"11" * 32}"\n\n[relayer]\nkey = "{written_as}"\n'
    line = text.splitlines().index(f'key = "{written_as}"') + 1

    with pytest.raises(ConfigInvalid) as refused:
        require_key(load(written(tmp_path, text), {}), "relayer", "key")

    assert f"xl2.toml:{line}: relayer.key: {said}" in refused.value.what
    assert "5a5a" not in refused.value.what
    assert "11" * 32 not in refused.value.what


def test_a_key_that_is_named_rightly_is_its_name(tmp_path: Path) -> None:
    config = load(written(tmp_path, MINIMAL), {"XL2_KEYS__RELAYER": "0x" + "11" * 32})

    assert require_key(config, "relayer", "key") == "relayer"
