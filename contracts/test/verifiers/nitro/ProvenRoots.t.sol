// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {StateProof} from "../../../src/libraries/StateProof.sol";
import {ProofError} from "../../../src/libraries/Trie.sol";
import {PinnedProxy} from "../../../src/verifiers/PinnedProxy.sol";
import {ProvenRoots} from "../../../src/verifiers/nitro/ProvenRoots.sol";
import {SendRoot} from "../../../src/verifiers/nitro/SendRoot.sol";
import {Proofs} from "../../libraries/Proofs.sol";
import {Roots, RootStation} from "./Roots.sol";

/// @notice Only a block that Arbitrum's own outbox holds is settled.
contract ProvenRootsTest is Test {
    ProvenRoots private rule;

    function setUp() public {
        rule = new ProvenRoots(Roots.pins());
    }

    function test_settled_saysWhatItMustAtEveryStation() public {
        RootStation[] memory stations = Roots.all();
        uint256 accepted;
        for (uint256 i; i < stations.length; ++i) {
            RootStation memory s = stations[i];
            (bool done, bytes memory answer) = address(this).call(abi.encodeCall(this.settled, (s)));
            if (bytes(s.error).length != 0) {
                assertFalse(done, s.name);
                assertEq(bytes4(answer), _selector(s.error), s.name);
                continue;
            }
            assertTrue(done, s.name);
            (uint64 number, bytes32 stateRoot) = abi.decode(answer, (uint64, bytes32));
            assertEq(number, s.number, s.name);
            assertEq(stateRoot, s.stateRoot, s.name);
            ++accepted;
        }
        assertEq(accepted, 6);
        assertEq(stations.length, 12);
    }

    /// @dev The attack: a root that is not confirmed yet, shown by the proof of one that is.
    function test_settled_refusesTheSlotOfAnotherSendRoot() public {
        RootStation memory s = Roots.named("confirmed");
        RootStation memory older = Roots.named("still confirmed");
        uint256 size = s.claim.length;
        s.proof = bytes.concat(older.claim, Proofs.slice(s.proof, size, s.proof.length - size));
        vm.expectPartialRevert(StateProof.InvalidProof.selector);
        this.settled(s);
    }

    function test_settled_refusesTheStateOfAnotherBlock() public {
        RootStation memory s = Roots.named("confirmed");
        s.l1StateRoot = Roots.named("another is confirmed").l1StateRoot;
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.WRONG_NODE));
        this.settled(s);
    }

    function test_settled_refusesWhenAPinIsAnother() public {
        RootStation memory s = Roots.named("confirmed");
        ProvenRoots.Pins memory pins = Roots.pins();
        address outbox = pins.outbox;
        pins.outbox = address(1);
        rule = new ProvenRoots(pins);
        vm.expectPartialRevert(StateProof.InvalidProof.selector);
        this.settled(s);
        (pins.outbox, pins.outboxImplementation) = (outbox, address(1));
        rule = new ProvenRoots(pins);
        vm.expectPartialRevert(PinnedProxy.Upgraded.selector);
        this.settled(s);
        pins = Roots.pins();
        pins.bridge = address(1);
        rule = new ProvenRoots(pins);
        vm.expectPartialRevert(StateProof.InvalidProof.selector);
        this.settled(s);
        pins = Roots.pins();
        pins.bridgeImplementation = address(1);
        rule = new ProvenRoots(pins);
        vm.expectPartialRevert(PinnedProxy.Upgraded.selector);
        this.settled(s);
    }

    /// @custom:invariant A changed proof settles nothing.
    function testFuzz_settled_refusesAChange(uint256 seed, uint8 bit) public {
        RootStation memory s = Roots.named("confirmed");
        s.proof[seed % s.proof.length] ^= bytes1(uint8(1 << (bit % 8)));
        vm.expectRevert();
        this.settled(s);
    }

    function test_settled_refusesACutOrExtendedProof() public {
        RootStation memory s = Roots.named("confirmed");
        bytes memory proof = s.proof;
        s.proof = bytes.concat(proof, hex"00");
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.SPARE_BYTES));
        this.settled(s);
        for (uint256 size; size < proof.length; size += 97) {
            s.proof = Proofs.slice(proof, 0, size);
            vm.expectPartialRevert(StateProof.InvalidProof.selector);
            this.settled(s);
        }
    }

    function settled(RootStation memory s) external view returns (uint64, bytes32) {
        return rule.settled(s.l1StateRoot, uint64(s.l1Timestamp), s.proof);
    }

    function _selector(string memory refusal) private pure returns (bytes4) {
        bytes32 name = keccak256(bytes(refusal));
        if (name == keccak256("InvalidProof")) return StateProof.InvalidProof.selector;
        if (name == keccak256("NotConfirmed")) return SendRoot.NotConfirmed.selector;
        if (name == keccak256("Upgraded")) return PinnedProxy.Upgraded.selector;
        revert(refusal);
    }
}
