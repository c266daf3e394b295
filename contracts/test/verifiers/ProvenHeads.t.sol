// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ICheckpoints} from "../../src/interfaces/ICheckpoints.sol";
import {IProvenHeads} from "../../src/interfaces/IProvenHeads.sol";
import {ISettledRule} from "../../src/interfaces/ISettledRule.sol";
import {LogProof} from "../../src/libraries/LogProof.sol";
import {StateProof} from "../../src/libraries/StateProof.sol";
import {ProofError} from "../../src/libraries/Trie.sol";
import {ProvenHeads} from "../../src/verifiers/ProvenHeads.sol";
import {Checkpoints} from "../../src/verifiers/op_stack/Checkpoints.sol";
import {ProvenGames} from "../../src/verifiers/op_stack/ProvenGames.sol";
import {WithdrawalRule} from "../../src/verifiers/op_stack/WithdrawalRule.sol";
import {Proofs} from "../libraries/Proofs.sol";
import {Games, Shown, Station} from "./Games.sol";
import {OpStack} from "./OpStack.sol";

/// @notice A rollup that contradicts itself, which a real one cannot be made to do.
contract TwoFaced is ISettledRule {
    bytes32 public stateRoot;

    function say(bytes32 stateRoot_) external {
        stateRoot = stateRoot_;
    }

    function settled(bytes32, uint64, bytes calldata) external view returns (uint64, bytes32) {
        return (7, stateRoot);
    }
}

/// @notice From the L1 block this chain knows, down to a head in the remote outbox or inbox, and nothing else.
contract ProvenHeadsTest is Test {
    uint64 private constant REMOTE = 901;

    Checkpoints private checkpoints;
    ProvenHeads private verifier;
    Station private station;
    Shown private lane;
    Shown private page;
    Shown private receipts;

    function setUp() public {
        checkpoints = new Checkpoints();
        verifier = new ProvenHeads(REMOTE, checkpoints, new ProvenGames(Games.pins()));
        station = Games.named("settled");
        lane = Games.log("lane log");
        page = Games.log("lane log, page 1");
        receipts = Games.log("receipt log");
        _see(station);
    }

    // ---------------------------------------------------------------- prove

    function test_prove_refusesAnUnknownL1Block() public {
        OpStack.seeL1Block(station.l1Number, keccak256("a fork of L1"));
        vm.expectRevert(
            abi.encodeWithSelector(IProvenHeads.UnknownL1Block.selector, station.l1Number, _l1Hash(station))
        );
        verifier.prove(station.rootProof, lane.account);
    }

    function test_prove_refusesWhatTheRuleRefuses() public {
        Station memory s = Games.named("blacklisted");
        _see(s);
        vm.expectPartialRevert(WithdrawalRule.Blacklisted.selector);
        verifier.prove(s.rootProof, lane.account);
    }

    function test_prove_refusesAnotherAccount() public {
        vm.expectPartialRevert(StateProof.InvalidProof.selector);
        verifier.prove(station.rootProof, address(0xB0B));
        // The inbox is there too, by another path through the trie.
        vm.expectPartialRevert(StateProof.InvalidProof.selector);
        verifier.prove(station.rootProof, receipts.account);
    }

    function test_prove_refusesACutOrExtendedProof() public {
        bytes memory proof = station.rootProof;
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.SPARE_BYTES));
        verifier.prove(bytes.concat(proof, hex"00"), lane.account);
        for (uint256 size; size < proof.length; size += 1 + size / 3) {
            vm.expectPartialRevert(StateProof.InvalidProof.selector);
            verifier.prove(Proofs.slice(proof, 0, size), lane.account);
        }
    }

    function test_prove_refusesToContradictItself() public {
        TwoFaced rule = new TwoFaced();
        verifier = new ProvenHeads(REMOTE, checkpoints, rule);
        (bytes memory header,,) = Games.split(station.rootProof);
        bytes memory front = bytes.concat(bytes2(uint16(header.length)), header, hex"000000");
        rule.say(lane.stateRoot);
        verifier.prove(bytes.concat(front, lane.accountProof), lane.account);
        // The same account with another storage root, in a trie of one leaf.
        bytes memory value = bytes.concat(hex"f8448080a0", keccak256("other"), hex"a0", keccak256("code"));
        bytes memory leaf = bytes.concat(hex"f86aa120", keccak256(abi.encodePacked(lane.account)), hex"b846", value);
        rule.say(keccak256(leaf));
        vm.expectRevert(
            abi.encodeWithSelector(
                IProvenHeads.RootsDiffer.selector, lane.account, 7, lane.storageRoot, keccak256("other")
            )
        );
        verifier.prove(bytes.concat(front, hex"01", bytes2(uint16(leaf.length)), leaf), lane.account);
        assertEq(verifier.storageRootOf(lane.account, 7), lane.storageRoot);
    }

    function test_prove_keepsTheStorageRoot() public {
        vm.expectEmit(address(verifier));
        emit IProvenHeads.RootProven(lane.account, lane.number, lane.storageRoot);
        (uint64 number, bytes32 storageRoot) = verifier.prove(station.rootProof, lane.account);
        assertEq(number, lane.number);
        assertEq(storageRoot, lane.storageRoot);
        assertEq(verifier.storageRootOf(lane.account, lane.number), lane.storageRoot);
        verifier.prove(station.rootProof, lane.account); // again is the same as once
        assertEq(verifier.storageRootOf(lane.account, lane.number), lane.storageRoot);
    }

    function test_prove_needsNoCheckpointForTheNewestL1Block() public {
        assertEq(checkpoints.hashOf(station.l1Number), 0);
        verifier.prove(station.rootProof, lane.account);
    }

    function test_prove_takesACheckpointedL1BlockWhenOthersHaveFollowed() public {
        checkpoints.checkpoint();
        OpStack.seeL1Block(station.l1Number + 1, keccak256("the next"));
        verifier.prove(station.rootProof, lane.account);
    }

    // ---------------------------------------------------------------- verify

    function test_verify_refusesAnUnknownRoot() public {
        vm.expectRevert(abi.encodeWithSelector(IProvenHeads.UnknownRoot.selector, lane.account, lane.number));
        verifier.verify(lane.log, lane.head, lane.count, _cached(lane));
        _prove(lane);
        // A root of one contract is none of another.
        vm.expectRevert(abi.encodeWithSelector(IProvenHeads.UnknownRoot.selector, receipts.account, receipts.number));
        verifier.verify(receipts.log, receipts.head, receipts.count, _cached(receipts));
        // Nor of another block.
        bytes memory older = bytes.concat(hex"00", lane.place, bytes8(lane.number - 1), lane.storageProof);
        vm.expectRevert(abi.encodeWithSelector(IProvenHeads.UnknownRoot.selector, lane.account, lane.number - 1));
        verifier.verify(lane.log, lane.head, lane.count, older);
    }

    function test_verify_refusesAnotherLog() public {
        _prove(lane);
        vm.expectRevert(abi.encodeWithSelector(IProvenHeads.WrongLog.selector, lane.log, receipts.log));
        verifier.verify(receipts.log, lane.head, lane.count, _cached(lane));
        // The receipt log of the same lane, and the lane of another class: each byte of the place names another log.
        for (uint256 i; i < 58; ++i) {
            bytes memory place = lane.place;
            place[i] ^= 0x01;
            vm.expectRevert();
            verifier.verify(lane.log, lane.head, lane.count, _proof(hex"00", place, lane));
        }
    }

    function test_verify_refusesAnotherChain() public {
        ProvenHeads other = new ProvenHeads(REMOTE + 1, checkpoints, verifier.rule());
        vm.expectRevert(abi.encodeWithSelector(IProvenHeads.WrongChain.selector, REMOTE, REMOTE + 1));
        other.verify(lane.log, lane.head, lane.count, _cached(lane));
        // A receipt log stands on the lane's destination.
        vm.expectRevert(abi.encodeWithSelector(IProvenHeads.WrongChain.selector, REMOTE, REMOTE + 1));
        other.verify(receipts.log, receipts.head, receipts.count, _cached(receipts));
    }

    function test_verify_refusesAnotherSlot() public {
        _prove(lane);
        // The page's slot with the current head's proof, and the reverse.
        bytes memory mixed = bytes.concat(hex"00", page.place, bytes8(page.number), lane.storageProof);
        vm.expectPartialRevert(StateProof.InvalidProof.selector);
        verifier.verify(page.log, lane.head, page.count, mixed);
        mixed = bytes.concat(hex"00", lane.place, bytes8(lane.number), page.storageProof);
        vm.expectPartialRevert(StateProof.InvalidProof.selector);
        verifier.verify(lane.log, page.head, lane.count, mixed);
    }

    function test_verify_refusesAnotherHead() public {
        _prove(lane);
        vm.expectRevert(abi.encodeWithSelector(IProvenHeads.WrongHead.selector, lane.head, page.head));
        verifier.verify(lane.log, page.head, page.count, _cached(lane));
        vm.expectRevert(abi.encodeWithSelector(IProvenHeads.WrongHead.selector, lane.head, bytes32(0)));
        verifier.verify(lane.log, 0, lane.count, _cached(lane));
    }

    /// @dev The attack (Nomad, 2022): nothing is there, so "zero" is the head.
    function test_verify_refusesZeroByAProofOfAbsence() public {
        _prove(lane);
        Shown memory empty = Games.log("lane log, page 2");
        assertEq(empty.head, 0);
        // A true proof: there is nothing at this slot yet.
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.ABSENT));
        verifier.verify(empty.log, 0, empty.count, _cached(empty));
    }

    function test_verify_refusesAnEmptyProofAndAnUnknownMode() public {
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
        verifier.verify(lane.log, lane.head, lane.count, "");
        vm.expectRevert(abi.encodeWithSelector(IProvenHeads.UnknownMode.selector, 2));
        verifier.verify(lane.log, lane.head, lane.count, _proof(hex"02", lane.place, lane));
        bytes memory place = lane.place;
        place[57] = 0x02;
        vm.expectRevert(abi.encodeWithSelector(LogProof.UnknownKind.selector, 2));
        verifier.verify(lane.log, lane.head, lane.count, _proof(hex"00", place, lane));
    }

    function test_verify_refusesACutOrExtendedProof() public {
        _prove(lane);
        bytes memory proof = _cached(lane);
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.SPARE_BYTES));
        verifier.verify(lane.log, lane.head, lane.count, bytes.concat(proof, hex"00"));
        for (uint256 size; size < proof.length; ++size) {
            vm.expectRevert();
            verifier.verify(lane.log, lane.head, lane.count, Proofs.slice(proof, 0, size));
        }
    }

    function test_verify_refusesAPageAtAnotherCount() public {
        _prove(page);
        vm.expectRevert(abi.encodeWithSelector(IProvenHeads.WrongCount.selector, 1, 257));
        verifier.verify(page.log, page.head, 257, _cached(page));
    }

    function test_verify_showsHeadsUnderCachedRoots() public {
        _prove(lane);
        _prove(receipts);
        verifier.verify(lane.log, lane.head, lane.count, _cached(lane));
        verifier.verify(page.log, page.head, page.count, _cached(page));
        verifier.verify(receipts.log, receipts.head, receipts.count, _cached(receipts));
    }

    function test_verify_showsHeadsWithEverythingInline() public {
        verifier.verify(lane.log, lane.head, lane.count, _inline(lane));
        verifier.verify(page.log, page.head, page.count, _inline(page));
        verifier.verify(receipts.log, receipts.head, receipts.count, _inline(receipts));
        OpStack.seeL1Block(station.l1Number + 1, keccak256("the next"));
        vm.expectPartialRevert(IProvenHeads.UnknownL1Block.selector);
        verifier.verify(lane.log, lane.head, lane.count, _inline(lane));
    }

    /// @dev On the small state of the vectors; what depth costs is in StateProof.t.sol.
    function test_proveAndVerify_costLittle() public {
        bytes memory proof = station.rootProof;
        uint256 before = gasleft();
        verifier.prove(proof, lane.account);
        assertLt(before - gasleft(), 175_000);
        proof = _cached(lane);
        before = gasleft();
        verifier.verify(lane.log, lane.head, lane.count, proof);
        assertLt(before - gasleft(), 17_500);
    }

    // ---------------------------------------------------------------- checkpoints

    function test_checkpoint_refusesBeforeAnyL1BlockWasSeen() public {
        vm.store(OpStack.L1_BLOCK, bytes32(uint256(2)), 0);
        vm.expectRevert(Checkpoints.NothingSeen.selector);
        checkpoints.checkpoint();
        assertFalse(checkpoints.isKnown(station.l1Number, 0));
        assertFalse(checkpoints.isKnown(0, 0));
    }

    function test_checkpoint_keepsWhatTheChainSees() public {
        vm.expectEmit(address(checkpoints));
        emit ICheckpoints.Checkpointed(station.l1Number, _l1Hash(station));
        checkpoints.checkpoint();
        assertEq(checkpoints.hashOf(station.l1Number), _l1Hash(station));
        assertTrue(checkpoints.isKnown(station.l1Number, _l1Hash(station)));
        assertFalse(checkpoints.isKnown(station.l1Number + 1, _l1Hash(station)));
        assertFalse(checkpoints.isKnown(station.l1Number, keccak256("another")));
    }

    // ---------------------------------------------------------------- words for the above

    function _see(Station memory s) private {
        OpStack.seeL1Block(s.l1Number, _l1Hash(s));
    }

    function _l1Hash(Station memory s) private pure returns (bytes32) {
        (bytes memory header,,) = Games.split(s.rootProof);
        return keccak256(header);
    }

    function _prove(Shown memory s) private {
        verifier.prove(_root(s), s.account);
    }

    /// @dev The root proof of the station, for the account of this log.
    function _root(Shown memory s) private view returns (bytes memory) {
        (bytes memory header, bytes memory settled,) = Games.split(station.rootProof);
        return
            bytes.concat(bytes2(uint16(header.length)), header, bytes3(uint24(settled.length)), settled, s.accountProof);
    }

    function _cached(Shown memory s) private pure returns (bytes memory) {
        return _proof(hex"00", s.place, s);
    }

    function _proof(bytes memory mode, bytes memory place, Shown memory s) private pure returns (bytes memory) {
        return bytes.concat(mode, place, bytes8(s.number), s.storageProof);
    }

    function _inline(Shown memory s) private view returns (bytes memory) {
        return bytes.concat(hex"01", s.place, _root(s), s.storageProof);
    }
}
