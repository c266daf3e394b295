// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {StateProof} from "../../src/libraries/StateProof.sol";
import {ProofError} from "../../src/libraries/Trie.sol";
import {Proofs, Proven} from "./Proofs.sol";
import {Walker} from "./Walker.sol";

/// @notice What a trie's value may mean, and that presence and absence never pass for each other.
contract StateProofTest is Test {
    address private constant WHO = address(0xB0B);
    bytes32 private constant SLOT = bytes32(uint256(7));
    bytes32 private constant ROOT = keccak256("storage root");
    bytes32 private constant CODE = keccak256("code");

    Walker private immutable walker = new Walker();

    function test_slot_refusesAnAbsentSlot() public {
        (bytes32 root, bytes memory proof) = _trie(keccak256(abi.encode(SLOT ^ bytes32(uint256(1)))), hex"05");
        _refuses(ProofError.ABSENT);
        walker.slot(root, SLOT, proof);
        walker.absent(root, SLOT, proof);
    }

    function test_absent_refusesASlotThatIsThere() public {
        (bytes32 root, bytes memory proof) = _trie(keccak256(abi.encode(SLOT)), hex"05");
        _refuses(ProofError.PRESENT);
        walker.absent(root, SLOT, proof);
        assertEq(uint256(walker.slot(root, SLOT, proof)), 5);
    }

    /// @dev anvil keeps a slot that is zero and was only read; the leaf says what an exclusion says, and nothing else does.
    function test_absent_takesALeafOfZeroForAbsence() public {
        (bytes32 root, bytes memory proof) = _trie(keccak256(abi.encode(SLOT)), hex"80");
        walker.absent(root, SLOT, proof);
        _refuses(ProofError.BAD_VALUE);
        walker.slot(root, SLOT, proof);

        (root, proof) = _trie(keccak256(abi.encode(SLOT)), hex"00");
        _refuses(ProofError.PRESENT);
        walker.absent(root, SLOT, proof);
    }

    function test_slot_refusesAValueThatIsNoWord() public {
        bytes[9] memory wrong = [
            bytes(hex"00"), // zero
            hex"80", // zero, by its canonical name
            hex"8105", // 5 stands for itself
            hex"820005", // leading zero
            hex"8205", // cut short
            hex"820505ff", // spare byte
            hex"c105", // a list
            bytes.concat(hex"a1", hex"01", bytes32(0)), // 33 bytes
            bytes.concat(hex"b820", bytes32(type(uint256).max)) // long form of 32
        ];
        for (uint256 i; i < wrong.length; ++i) {
            (bytes32 root, bytes memory proof) = _trie(keccak256(abi.encode(SLOT)), wrong[i]);
            _refuses(ProofError.BAD_VALUE);
            walker.slot(root, SLOT, proof);
        }
    }

    /// @custom:invariant Every word but zero is read as it was written.
    function testFuzz_slot_readsEveryWord(uint256 word, uint8 bits) public view {
        word >>= bits;
        if (word == 0) return;
        (bytes32 root, bytes memory proof) = _trie(keccak256(abi.encode(SLOT)), _rlp(word));
        assertEq(uint256(walker.slot(root, SLOT, proof)), word);
    }

    /// @custom:invariant Every account is read as it was written.
    function testFuzz_account_readsEveryAccount(uint64 nonce, uint256 balance, uint8 bits, bytes32 root, bytes32 code)
        public
        view
    {
        bytes memory body =
            bytes.concat(_rlp(nonce >> (bits % 64)), _rlp(balance >> bits), hex"a0", root, hex"a0", code);
        (bytes32 stateRoot, bytes memory proof) = _account(body);
        (bytes32 storageRoot, bytes32 codeHash) = walker.account(stateRoot, WHO, proof);
        assertEq(storageRoot, root);
        assertEq(codeHash, code);
    }

    function test_account_refusesAValueThatIsNoAccount() public {
        bytes memory roots = bytes.concat(hex"a0", ROOT, hex"a0", CODE);
        bytes[12] memory wrong = [
            bytes.concat(hex"0000", roots), // zeros that are not canonical
            bytes.concat(hex"8000", roots),
            bytes.concat(hex"810580", roots), // 5 stands for itself
            bytes.concat(hex"808105", roots),
            bytes.concat(hex"82000580", roots), // leading zero
            bytes.concat(hex"89", hex"010000000000000000", hex"80", roots), // nonce of 9 bytes
            bytes.concat(hex"80a101", bytes32(0), roots), // balance of 33 bytes
            bytes.concat(hex"80", roots), // three items
            bytes.concat(hex"808080", roots), // five
            bytes.concat(hex"8080", roots, hex"80"),
            bytes.concat(hex"8080", hex"a1", ROOT, hex"05a0", CODE), // a root of 33 bytes
            bytes.concat(hex"8080", hex"a0", ROOT, hex"9f", bytes31(CODE)) // a code hash of 31
        ];
        for (uint256 i; i < wrong.length; ++i) {
            (bytes32 stateRoot, bytes memory proof) = _account(wrong[i]);
            _refuses(ProofError.BAD_ACCOUNT);
            walker.account(stateRoot, WHO, proof);
        }
    }

    function test_account_refusesAWord() public {
        (bytes32 stateRoot, bytes memory proof) = _trie(keccak256(abi.encodePacked(WHO)), _rlp(uint256(ROOT)));
        _refuses(ProofError.BAD_ACCOUNT);
        walker.account(stateRoot, WHO, proof);
    }

    function test_slot_refusesAnAccount() public {
        bytes memory body = bytes.concat(hex"8080a0", ROOT, hex"a0", CODE);
        (bytes32 root, bytes memory proof) = _trie(keccak256(abi.encode(SLOT)), bytes.concat(hex"f844", body));
        _refuses(ProofError.BAD_VALUE);
        walker.slot(root, SLOT, proof);
    }

    function test_slot_refusesASpareByte() public {
        (bytes32 root, bytes memory proof) = _trie(keccak256(abi.encode(SLOT)), hex"05");
        _refuses(ProofError.SPARE_BYTES);
        walker.slot(root, SLOT, bytes.concat(proof, hex"00"));
    }

    function test_slotOf_costsLittleAtDepth5And7() public {
        Proven memory p = Proofs.load()[16];
        (bytes32 value, uint256 gasUsed) =
            walker.slotOf(p.stateRoot, p.account, p.slot, bytes.concat(p.accountProof, p.storageProof));
        assertEq(value, p.value);
        assertEq(uint8(p.accountProof[0]), 5, "depth of the account");
        assertEq(uint8(p.storageProof[0]), 7, "depth of the slot");
        vm.snapshotValue("StateProof", "account and slot, depth 5+7", gasUsed);
        assertLt(gasUsed, 30_000);
    }

    function _refuses(ProofError reason) private {
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, reason));
    }

    function _account(bytes memory body) private pure returns (bytes32, bytes memory) {
        return _trie(keccak256(abi.encodePacked(WHO)), bytes.concat(hex"f8", bytes1(uint8(body.length)), body));
    }

    /// @dev A trie of one leaf, and its proof.
    function _trie(bytes32 key, bytes memory value) private pure returns (bytes32 root, bytes memory proof) {
        bytes memory item = value.length == 1 && uint8(value[0]) < 0x80
            ? value
            : value.length < 56
                ? bytes.concat(bytes1(uint8(0x80 + value.length)), value)
                : bytes.concat(hex"b8", bytes1(uint8(value.length)), value);
        bytes memory body = bytes.concat(hex"a120", key, item);
        bytes memory node = body.length < 56
            ? bytes.concat(bytes1(uint8(0xc0 + body.length)), body)
            : bytes.concat(hex"f8", bytes1(uint8(body.length)), body);
        return (keccak256(node), bytes.concat(hex"01", bytes2(uint16(node.length)), node));
    }

    function _rlp(uint256 word) private pure returns (bytes memory) {
        if (word == 0) return hex"80";
        if (word < 0x80) return abi.encodePacked(uint8(word));
        uint256 size;
        while (size < 32 && word >> (8 * size) != 0) ++size;
        return bytes.concat(bytes1(uint8(0x80 + size)), Proofs.slice(abi.encode(word), 32 - size, size));
    }
}
