// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IRollup} from "../../../src/interfaces/IRollup.sol";
import {IDisputeGameFactory} from "../../../src/verifiers/op_stack/LiveGames.sol";
import {
    IAnchorStateRegistry,
    IRegistryGame,
    IRegistryPortal,
    LiveRegistry
} from "../../../src/verifiers/op_stack/LiveRegistry.sol";
import {RegistryRule} from "../../../src/verifiers/op_stack/RegistryRule.sol";
import {WithdrawalRule} from "../../../src/verifiers/op_stack/WithdrawalRule.sol";

/// @notice Portal, registry, factory and their one game, all settled; each fact can be made another. What Optimism's own
/// said is in the vectors (`live`, tests/vectors/proofs/registry.json).
contract Registry is IRegistryPortal, IAnchorStateRegistry, IDisputeGameFactory, IRegistryGame {
    bytes32 public immutable rootClaim;
    bool public paused;
    bool public isBlacklisted;
    bool public valid = true;
    bool public wasRespectedGameTypeWhenCreated = true;
    uint8 public status = 2;
    uint64 public createdAt = 1000;
    uint64 public resolvedAt = 2000;
    uint64 public retirementTimestamp = 999;
    uint256 public constant disputeGameFinalityDelaySeconds = 50;
    uint256 public constant proofMaturityDelaySeconds = 80;
    uint256 public constant l2BlockNumber = 42;

    constructor(bytes32 rootClaim_) {
        rootClaim = rootClaim_;
    }

    function change(uint256 fact) external {
        if (fact == 0) paused = true;
        if (fact == 1) isBlacklisted = true;
        if (fact == 2) wasRespectedGameTypeWhenCreated = false;
        if (fact == 3) status = 1;
        if (fact == 4) retirementTimestamp = createdAt;
        if (fact == 5) resolvedAt = uint64(block.timestamp) - 50;
        if (fact == 6) (createdAt, resolvedAt) = (uint64(block.timestamp) - 81, uint64(block.timestamp) - 60);
        if (fact == 7) valid = false;
    }

    function anchorStateRegistry() external view returns (IAnchorStateRegistry) {
        return this;
    }

    function disputeGameFactory() external view returns (IDisputeGameFactory) {
        return this;
    }

    function gameAtIndex(uint256 index) external view returns (uint32, uint64, address) {
        require(index == 0, "past the end");
        return (1, createdAt, address(this));
    }

    function isGameBlacklisted(address) external view returns (bool) {
        return isBlacklisted;
    }

    function isGameClaimValid(address) external view returns (bool) {
        return valid;
    }
}

/// @notice Every fact that the rule asks for can refuse alone, and the registry has the last word.
contract LiveRegistryTest is Test {
    bytes32 private constant STATE = keccak256("state root");

    Registry private registry;
    LiveRegistry private live;
    bytes private preimage = abi.encodePacked(STATE, keccak256("message passer"), keccak256("block"));
    bytes private claim = abi.encodePacked(uint64(0), preimage);

    function setUp() public {
        vm.warp(3000);
        registry = new Registry(keccak256(abi.encodePacked(bytes32(0), preimage)));
        live = new LiveRegistry(901, registry);
    }

    function test_settled_tellsTheStateRootOfASettledGame() public view {
        (uint64 number, bytes32 stateRoot) = live.settled(claim);
        assertEq(number, 42);
        assertEq(stateRoot, STATE);
    }

    function test_settled_refusesForEachFactAlone() public {
        bytes4[8] memory errors = [
            WithdrawalRule.Paused.selector,
            WithdrawalRule.Blacklisted.selector,
            RegistryRule.NotRespectedWhenCreated.selector,
            WithdrawalRule.NotDefended.selector,
            WithdrawalRule.Retired.selector,
            WithdrawalRule.NotYetSettled.selector,
            WithdrawalRule.NotYetSettled.selector,
            LiveRegistry.NotValid.selector
        ];
        for (uint256 fact; fact < 8; ++fact) {
            uint256 before = vm.snapshotState();
            registry.change(fact);
            vm.expectPartialRevert(errors[fact]);
            live.settled(claim);
            // The two delays are over a second later.
            if (fact == 5 || fact == 6) {
                skip(1);
                live.settled(claim);
            }
            vm.revertToState(before);
        }
    }

    function test_settled_refusesAnotherClaimAndAnotherGame() public {
        for (uint256 i = 8; i < claim.length; i += 32) {
            bytes memory other = claim;
            other[i] ^= 0x01;
            vm.expectPartialRevert(LiveRegistry.NotThisClaim.selector);
            live.settled(other);
        }
        vm.expectRevert(bytes("past the end"));
        live.settled(abi.encodePacked(uint64(1), preimage));
    }

    function test_deposit_refusesValue() public {
        vm.expectRevert(abi.encodeWithSelector(IRollup.WrongValue.selector, 1, 0));
        live.deposit(address(this), 100_000, "", 1, address(this));
    }
}
