// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {StateProof} from "../../src/libraries/StateProof.sol";
import {ProofError} from "../../src/libraries/Trie.sol";
import {PinnedProxy} from "../../src/verifiers/PinnedProxy.sol";
import {ProvenGames} from "../../src/verifiers/op_stack/ProvenGames.sol";
import {WithdrawalRule} from "../../src/verifiers/op_stack/WithdrawalRule.sol";
import {Proofs} from "../libraries/Proofs.sol";
import {Games, Station} from "./Games.sol";

/// @notice Only what the portal itself would pay out on is settled, at one L1 block and by its clock.
contract ProvenGamesTest is Test {
    ProvenGames private rule;

    function setUp() public {
        rule = new ProvenGames(Games.pins());
    }

    function test_settled_refusesEveryStationThatIsNotSettled() public {
        Station[] memory stations = Games.all();
        uint256 refused;
        for (uint256 i; i < stations.length; ++i) {
            if (bytes(stations[i].refusal).length == 0) continue;
            bytes memory reason = _refusal(stations[i]);
            assertEq(bytes4(reason), _selector(stations[i].refusal), stations[i].name);
            ++refused;
        }
        assertEq(refused, 14);
    }

    function test_settled_acceptsEveryStationThatIs() public view {
        Station[] memory stations = Games.all();
        uint256 accepted;
        for (uint256 i; i < stations.length; ++i) {
            if (bytes(stations[i].refusal).length != 0) continue;
            (uint64 number, bytes32 stateRoot) = _settled(stations[i]);
            assertEq(number, stations[i].number, stations[i].name);
            assertEq(stateRoot, stations[i].stateRoot, stations[i].name);
            ++accepted;
        }
        assertEq(accepted, 5);
    }

    /// @dev The attack: a game is blacklisted in its air gap. An L1 state from before does not show it, and by this
    /// chain's own clock the air gap is long over. The clock that counts is that state's.
    function test_settled_agesAGameByItsOwnBlockOnly() public {
        Station memory s = Games.named("in the air gap");
        vm.warp(s.l1Timestamp + 365 days);
        (uint256 resolved, uint256 finality) = (_resolvedAt(s), Games.pins().finalityDelay);
        vm.expectRevert(
            abi.encodeWithSelector(WithdrawalRule.NotYetSettled.selector, s.l1Timestamp, resolved + finality)
        );
        this.settled(s);
        // Whoever could age the state would have passed: this test bites.
        s.l1Timestamp += 365 days;
        this.settled(s);
    }

    function test_settled_countsFromTheSecondAfterTheDelay() public {
        Station memory s = Games.named("settled");
        uint256 ready = _resolvedAt(s) + Games.pins().finalityDelay;
        s.l1Timestamp = uint64(ready);
        vm.expectRevert(abi.encodeWithSelector(WithdrawalRule.NotYetSettled.selector, ready, ready));
        this.settled(s);
        s.l1Timestamp = uint64(ready + 1);
        this.settled(s);
    }

    function test_settled_waitsAsLongAsAWithdrawalWould() public {
        ProvenGames.Pins memory pins = Games.pins();
        pins.proofMaturityDelay = 1_000;
        rule = new ProvenGames(pins);
        Station memory s = Games.named("settled");
        uint256 created = _resolvedAt(s) - 13; // its clock of 10 seconds, the wait for it, two blocks
        (, bytes memory reason) = address(this).call(abi.encodeCall(this.settled, (s)));
        assertEq(bytes4(reason), WithdrawalRule.NotYetSettled.selector);
        s.l1Timestamp = uint64(created + 1_010);
        this.settled(s);
    }

    function test_settled_refusesAnIndexPastTheList() public {
        Station memory s = Games.named("past the end of the list");
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.ABSENT));
        this.settled(s);
    }

    function test_settled_refusesAnotherPreimage() public {
        // Game index 8, l2 block 8, creator 20, L1 head 32, then state root, storage root and block hash.
        Station memory s = Games.named("settled");
        (, bytes memory proof,) = Games.split(s.rootProof);
        for (uint256 from = 8; from < 164; from += 13) {
            proof[from] ^= 0x01;
            vm.expectPartialRevert(ProvenGames.NotThisGame.selector);
            rule.settled(s.l1StateRoot, s.l1Timestamp, proof);
            proof[from] ^= 0x01;
        }
    }

    function test_settled_refusesAnEmptyProofAndAZeroRoot() public {
        Station memory s = Games.named("settled");
        (, bytes memory proof,) = Games.split(s.rootProof);
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
        rule.settled(s.l1StateRoot, s.l1Timestamp, "");
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.WRONG_NODE));
        rule.settled(0, s.l1Timestamp, proof);
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.SPARE_BYTES));
        rule.settled(s.l1StateRoot, s.l1Timestamp, bytes.concat(proof, hex"00"));
    }

    /// @dev The state of one block does not speak for another.
    function test_settled_refusesTheStateOfAnotherBlock() public {
        Station memory s = Games.named("blacklisted");
        s.rootProof = Games.named("settled").rootProof;
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.WRONG_NODE));
        this.settled(s);
    }

    /// @custom:invariant A changed proof settles nothing but what the true one does.
    function testFuzz_settled_ignoresOrRefusesAChange(uint256 seed, uint8 bit) public view {
        Station memory s = Games.named("settled");
        (, bytes memory proof,) = Games.split(s.rootProof);
        proof[seed % proof.length] ^= bytes1(uint8(1 << (bit % 8)));
        try rule.settled(s.l1StateRoot, s.l1Timestamp, proof) {
            revert("a change of any bit must be refused");
        } catch {}
    }

    /// @dev Moved code or another chain's contracts: each pin is looked at.
    function test_settled_refusesWhenAPinIsAnother() public {
        Station memory s = Games.named("settled");
        for (uint256 i; i < 7; ++i) {
            ProvenGames.Pins memory pins = Games.pins();
            if (i == 0) pins.portal = address(1);
            if (i == 1) pins.portalImplementation = address(1);
            if (i == 2) pins.factory = address(1);
            if (i == 3) pins.factoryImplementation = address(1);
            if (i == 4) pins.superchainConfig = address(1);
            if (i == 5) pins.superchainConfigImplementation = address(1);
            if (i == 6) pins.gameImplementation = address(1);
            rule = new ProvenGames(pins);
            bytes4 expected = i == 6
                ? ProvenGames.NotThisGame.selector
                : i % 2 == 1 ? PinnedProxy.Upgraded.selector : StateProof.InvalidProof.selector;
            assertEq(bytes4(_refusal(s)), expected);
        }
    }

    function settled(Station memory s) external view returns (uint64, bytes32) {
        return _settled(s);
    }

    function _settled(Station memory s) private view returns (uint64 number, bytes32 stateRoot) {
        (, bytes memory proof,) = Games.split(s.rootProof);
        return rule.settled(s.l1StateRoot, s.l1Timestamp, proof);
    }

    function _refusal(Station memory s) private returns (bytes memory reason) {
        bool done;
        (done, reason) = address(this).call(abi.encodeCall(this.settled, (s)));
        assertFalse(done, string.concat("settled: ", s.name));
    }

    /// @dev Read from the refusal in the air gap of the same game.
    function _resolvedAt(Station memory s) private returns (uint256) {
        Station memory gap = Games.named("in the air gap");
        assertEq(gap.index, s.index);
        bytes memory reason = _refusal(gap);
        (, uint256 after_) = abi.decode(Proofs.slice(reason, 4, 64), (uint256, uint256));
        return after_ - Games.pins().finalityDelay;
    }

    function _selector(string memory refusal) private pure returns (bytes4) {
        bytes32 name = keccak256(bytes(refusal));
        if (name == keccak256("NotDefended")) return WithdrawalRule.NotDefended.selector;
        if (name == keccak256("NotYetSettled")) return WithdrawalRule.NotYetSettled.selector;
        if (name == keccak256("NotRespected")) return WithdrawalRule.NotRespected.selector;
        if (name == keccak256("Retired")) return WithdrawalRule.Retired.selector;
        if (name == keccak256("Blacklisted")) return WithdrawalRule.Blacklisted.selector;
        if (name == keccak256("Paused")) return WithdrawalRule.Paused.selector;
        if (name == keccak256("Upgraded")) return PinnedProxy.Upgraded.selector;
        if (name == keccak256("NotThisGame")) return ProvenGames.NotThisGame.selector;
        if (name == keccak256("InvalidProof")) return StateProof.InvalidProof.selector;
        revert(refusal);
    }
}
