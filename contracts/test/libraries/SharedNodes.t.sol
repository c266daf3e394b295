// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {StateProof} from "../../src/libraries/StateProof.sol";
import {ProofError} from "../../src/libraries/Trie.sol";
import {Proofs, Proven} from "./Proofs.sol";

/// @notice Reads two slots of one storage, one proof after the other, as a rule does.
contract PairReader {
    function read(bytes32 storageRoot, bytes32 a, bytes32 b, bytes calldata proof)
        external
        pure
        returns (bytes32 x, bytes32 y)
    {
        (x, proof) = StateProof.slot(storageRoot, a, proof);
        (y, proof) = StateProof.slot(storageRoot, b, proof);
        StateProof.end(proof);
    }
}

/// @notice A node that stands in the calldata already need not be given again, and nothing else can be slipped in so.
contract SharedNodesTest is Test {
    using Proofs for bytes;

    PairReader private immutable reader = new PairReader();
    Proven private a;
    Proven private b;

    function setUp() public {
        Proven[] memory all = Proofs.load();
        uint256 i = all.length;
        // The last two of the largest state with a value each.
        while (b.storageProof.length == 0) {
            Proven memory one = all[--i];
            if (one.value == 0) continue;
            if (a.storageProof.length == 0) a = one;
            else if (one.storageRoot == a.storageRoot) b = one;
        }
    }

    function test_slot_isReadThroughNodesGivenBefore() public view {
        bytes memory plain = bytes.concat(a.storageProof, b.storageProof);
        bytes memory shared = _shared();
        assertLt(shared.length, plain.length - 500);
        (bytes32 x, bytes32 y) = reader.read(a.storageRoot, a.slot, b.slot, shared);
        assertEq(x, a.value);
        assertEq(y, b.value);
    }

    /// @dev Whatever place is named, only the node itself will do.
    function testFuzz_slot_refusesAnotherPlace(uint16 back) public {
        back = uint16(bound(back, 0, 0x7fff));
        uint16 right = uint16(a.storageProof.length);
        bytes memory shared = _shared();
        bytes memory moved = Proofs.splice(shared, a.storageProof.length + 1, 2, abi.encodePacked(0x8000 | back));
        if (back != right) {
            vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.WRONG_NODE));
        }
        reader.read(a.storageRoot, a.slot, b.slot, moved);
    }

    /// @dev A place before the calldata begins is none; nor is the reference itself.
    function test_slot_refusesANodeGivenBeforeTheCalldata() public {
        bytes memory first = a.storageProof;
        first[1] = 0xff;
        first[2] = 0xff;
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.WRONG_NODE));
        reader.read(a.storageRoot, a.slot, b.slot, first);
        first[1] = 0x80;
        first[2] = 0x00;
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.WRONG_NODE));
        reader.read(a.storageRoot, a.slot, b.slot, first);
    }

    function test_slot_refusesAReferenceCutShort() public {
        bytes memory cut = bytes.concat(a.storageProof, hex"0180");
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
        reader.read(a.storageRoot, a.slot, b.slot, cut);
    }

    /// @dev Both proofs, the second with the root node by reference.
    function _shared() private view returns (bytes memory) {
        bytes[] memory nodes = b.storageProof.unpack();
        bytes memory second = abi.encodePacked(uint8(nodes.length), uint16(0x8000 | a.storageProof.length));
        for (uint256 i = 1; i < nodes.length; ++i) {
            second = bytes.concat(second, bytes2(uint16(nodes[i].length)), nodes[i]);
        }
        return bytes.concat(a.storageProof, second);
    }
}
