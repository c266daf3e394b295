// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IRollup} from "../../src/interfaces/IRollup.sol";
import {StateProof} from "../../src/libraries/StateProof.sol";
import {ProofError} from "../../src/libraries/Trie.sol";
import {StateRooted} from "../../src/verifiers/StateRooted.sol";
import {IPortal, LiveGames} from "../../src/verifiers/op_stack/LiveGames.sol";
import {WithdrawalRule} from "../../src/verifiers/op_stack/WithdrawalRule.sol";
import {IGame, OpStack} from "./OpStack.sol";

/// @notice The same rule as {ProvenGames}, asked of Optimism's own contracts by call.
contract LiveGamesTest is Test {
    uint256 private constant NUMBER = 42;
    bytes32 private constant STATE = keccak256("state root");

    OpStack.Rollup private rollup;
    LiveGames private live;
    bytes private preimage = abi.encodePacked(STATE, keccak256("message passer"), keccak256("block"));
    bytes32 private outputRoot = keccak256(abi.encodePacked(bytes32(0), preimage));
    bytes private claim = abi.encodePacked(uint64(0), preimage);

    function setUp() public {
        vm.warp(1_800_000_000);
        rollup = OpStack.deploy(901);
        live = new LiveGames(901, IPortal(address(rollup.portal)));
        skip(10);
    }

    function test_settled_refusesAGameInPlay() public {
        _play(NUMBER);
        vm.expectRevert(abi.encodeWithSelector(WithdrawalRule.NotDefended.selector, 0));
        live.settled(claim);
    }

    function test_settled_refusesAGameLostToItsChallenger() public {
        IGame game = _play(NUMBER);
        uint256 bond = game.getRequiredBond(2);
        deal(address(this), bond);
        game.attack{value: bond}(outputRoot, 0, keccak256("a lie"));
        skip(OpStack.CLOCK + 1);
        game.resolveClaim(1, 0);
        _resolve(game);
        skip(OpStack.FINALITY + 1);
        vm.expectRevert(abi.encodeWithSelector(WithdrawalRule.NotDefended.selector, 1));
        live.settled(claim);
    }

    function test_settled_refusesUntilTheDelaysAreOver() public {
        IGame game = _play(NUMBER);
        skip(OpStack.CLOCK + 1);
        _resolve(game);
        uint256 ready = block.timestamp + OpStack.FINALITY;
        vm.warp(ready);
        vm.expectRevert(abi.encodeWithSelector(WithdrawalRule.NotYetSettled.selector, ready, ready));
        live.settled(claim);
        vm.warp(ready + 1);
        live.settled(claim);
    }

    /// @dev The attack: a delay that is zero in its lowest 64 bits.
    function test_settled_waitsForDelaysOfAnySize() public {
        _settle(NUMBER);
        live.settled(claim);
        bytes4[2] memory delays =
            [IPortal.disputeGameFinalityDelaySeconds.selector, IPortal.proofMaturityDelaySeconds.selector];
        for (uint256 i; i < delays.length; ++i) {
            vm.mockCall(address(rollup.portal), abi.encodePacked(delays[i]), abi.encode(uint256(1) << 64));
            vm.expectPartialRevert(WithdrawalRule.NotYetSettled.selector);
            live.settled(claim);
            vm.clearMockedCalls();
        }
    }

    function test_settled_refusesABlacklistedGame() public {
        IGame game = _settle(NUMBER);
        rollup.portal.blacklistDisputeGame(address(game));
        vm.expectRevert(abi.encodeWithSelector(WithdrawalRule.Blacklisted.selector, address(game)));
        live.settled(claim);
    }

    function test_settled_refusesWhilePaused() public {
        _settle(NUMBER);
        rollup.superchainConfig.pause("");
        vm.expectRevert(WithdrawalRule.Paused.selector);
        live.settled(claim);
        rollup.superchainConfig.unpause();
        live.settled(claim);
    }

    function test_settled_refusesATypeThatIsNotRespectedAndARetiredGame() public {
        _settle(NUMBER);
        rollup.portal.setRespectedGameType(1);
        vm.expectRevert(abi.encodeWithSelector(WithdrawalRule.NotRespected.selector, 0, 1));
        live.settled(claim);
        rollup.portal.setRespectedGameType(0);
        vm.expectPartialRevert(WithdrawalRule.Retired.selector);
        live.settled(claim);
    }

    function test_settled_refusesAnotherClaimAndAnotherGame() public {
        _settle(NUMBER);
        for (uint256 i = 8; i < claim.length; i += 32) {
            bytes memory other = claim;
            other[i] ^= 0x01;
            vm.expectPartialRevert(LiveGames.NotThisClaim.selector);
            live.settled(other);
        }
        vm.expectRevert(); // the factory's own: past the end of its list
        live.settled(abi.encodePacked(uint64(1), preimage));
    }

    function test_settled_refusesACutOrExtendedClaim() public {
        _settle(NUMBER);
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.SPARE_BYTES));
        live.settled(bytes.concat(claim, hex"00"));
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
        live.settled("");
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
        live.settled(abi.encodePacked(uint64(0), STATE));
    }

    function test_settled_refusesAZeroRoot() public {
        bytes memory nothing = abi.encodePacked(bytes32(0), keccak256("message passer"), keccak256("block"));
        outputRoot = keccak256(abi.encodePacked(bytes32(0), nothing));
        _settle(NUMBER);
        vm.expectRevert(StateRooted.ZeroRoot.selector);
        live.settled(abi.encodePacked(uint64(0), nothing));
    }

    function test_deposit_refusesValue() public {
        vm.expectRevert(abi.encodeWithSelector(IRollup.WrongValue.selector, 1, 0));
        live.deposit(address(this), 100_000, "", 1, address(this));
    }

    function test_settled_tellsTheStateRootOfASettledGame() public {
        _settle(NUMBER);
        (uint64 number, bytes32 stateRoot) = live.settled(claim);
        assertEq(number, NUMBER);
        assertEq(stateRoot, STATE);
    }

    function _play(uint256 number) private returns (IGame) {
        return rollup.factory.create(OpStack.CANNON, outputRoot, abi.encode(number));
    }

    function _resolve(IGame game) private {
        game.resolveClaim(0, 0);
        game.resolve();
    }

    function _settle(uint256 number) private returns (IGame game) {
        game = _play(number);
        skip(OpStack.CLOCK + 1);
        _resolve(game);
        skip(OpStack.FINALITY + 1);
    }
}
