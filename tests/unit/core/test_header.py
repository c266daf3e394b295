"""A header is believed when the fields hash to the block; blocks are as a node told them."""

import pytest

from xl2.core import rlp
from xl2.core.hashing import keccak
from xl2.core.header import Header
from xl2.core.rlp import Item
from xl2.core.types import hash32, hex_text
from xl2.errors import ProofInvalid

#: Block 1 of an anvil 1.7.1 with Prague rules, as `eth_getBlockByNumber` gave it.
BLOCK: dict[str, object] = {
    "hash": "0xcf7d638976d383567ffb21074ce74a7f03f9a9bb79484d34fb90cc3fa9030e7c",
    "parentHash": "0x0629477757b3a0487e18dbbbd8616141e7723c49f09b1644bf1e906a90b51fbb",
    "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
    "miner": "0x0000000000000000000000000000000000000000",
    "stateRoot": "0xb68223080afa2afebeb206d95f4443691ae1a3149a8f522a38b7885fa50006c6",
    "transactionsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    "receiptsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    "difficulty": "0x0",
    "number": "0x1",
    "gasLimit": "0x1c9c380",
    "gasUsed": "0x0",
    "timestamp": "0x6b0129be",
    "extraData": "0x",
    "mixHash": "0x51a33fb6be83f22486bf1b45d576c10687aa2c4840598e2192486a9768b67877",
    "nonce": "0x0000000000000000",
    "baseFeePerGas": "0x3b9aca00",
    "withdrawalsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    "blobGasUsed": "0x0",
    "excessBlobGas": "0x0",
    "parentBeaconBlockRoot": "0x0000000000000000000000000000000000000000000000000000000000000000",
    "requestsHash": "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "logsBloom": "0x" + "00" * 256,
    "totalDifficulty": "0x0",
    "size": "0x267",
    "uncles": [],
    "transactions": [],
    "withdrawals": [],
}


def test_a_block_gives_the_header_its_hash_commits_to() -> None:
    header = Header.of_block(BLOCK)

    assert hex_text(keccak(header.encoded)) == BLOCK["hash"]
    assert hex_text(header.state_root) == BLOCK["stateRoot"]
    assert hex_text(header.parent_hash) == BLOCK["parentHash"]
    assert (header.number, header.timestamp) == (1, 0x6B0129BE)
    assert Header.parse(header.encoded, block_hash=header.hash) == header


@pytest.mark.parametrize(
    "name", sorted(set(BLOCK) - {"totalDifficulty", "size", "uncles", "transactions", "withdrawals"})
)
def test_a_lie_about_any_field_is_found(name: str) -> None:
    told = str(BLOCK[name])
    lie = "0x01" if told == "0x" else f"0x{int(told, 16) ^ 1:0{len(told) - 2}x}"

    with pytest.raises(ProofInvalid):
        Header.of_block({**BLOCK, name: lie})


@pytest.mark.parametrize("name", ["requestsHash", "baseFeePerGas", "stateRoot", "hash"])
def test_a_field_that_is_missing_is_not_made_up(name: str) -> None:
    with pytest.raises(ProofInvalid):
        Header.of_block({key: value for key, value in BLOCK.items() if key != name})


@pytest.mark.parametrize("told", [None, 7, "", "0xzz", "0x0q", "12"])
def test_a_field_that_is_no_hex_is_refused(told: object) -> None:
    for name in ("stateRoot", "number"):
        with pytest.raises(ProofInvalid):
            Header.of_block({**BLOCK, name: told})


def test_a_header_without_later_fields_is_a_header() -> None:
    fields = rlp.items(rlp.decode(Header.of_block(BLOCK).encoded, "header"), "header")
    for count in (15, 16, 17, 20, 21):
        encoded = rlp.encode(fields[:count])

        assert Header.parse(encoded, block_hash=keccak(encoded)).number == 1


def test_what_is_no_header_is_refused_though_its_hash_is_right() -> None:
    fields = list(rlp.items(rlp.decode(Header.of_block(BLOCK).encoded, "header"), "header"))
    bad: dict[str, Item] = {
        "too few": fields[:14],
        "too many": [*fields, b"", b""],
        "short state root": [*fields[:3], b"r" * 31, *fields[4:]],
        "number with a leading zero": [*fields[:8], b"\0\1", *fields[9:]],
        "a list for a number": [*fields[:8], [b"\1"], *fields[9:]],
        "a string": b"header",
    }
    for item in bad.values():
        encoded = rlp.encode(item)
        with pytest.raises(ProofInvalid):
            Header.parse(encoded, block_hash=keccak(encoded))


def test_a_header_of_another_hash_is_refused() -> None:
    with pytest.raises(ProofInvalid, match="hashes to"):
        Header.parse(Header.of_block(BLOCK).encoded, block_hash=hash32(b"h" * 32))
