// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Test} from "forge-std/Test.sol";

import {IRollup} from "../../../src/interfaces/IRollup.sol";
import {StateProof} from "../../../src/libraries/StateProof.sol";
import {ProofError} from "../../../src/libraries/Trie.sol";
import {ILegacyPortal, IOutputOracle, LiveOutputs} from "../../../src/verifiers/op_stack/LiveOutputs.sol";
import {WithdrawalRule} from "../../../src/verifiers/op_stack/WithdrawalRule.sol";

/// @notice Portal and oracle in one, as those of contracts-bedrock 0.17.3 answer: the list, its period, the pause.
contract Oracle is ILegacyPortal, IOutputOracle {
    Output[] private _outputs;
    uint256 public constant finalizationPeriodSeconds = 100;
    bool public paused;

    function propose(bytes32 root, uint128 number) external {
        _outputs.push(Output(root, uint128(block.timestamp), number));
    }

    function remove(uint256 from) external {
        while (_outputs.length > from) _outputs.pop();
    }

    function pause(bool on) external {
        paused = on;
    }

    function l2Oracle() external view returns (IOutputOracle) {
        return this;
    }

    function getL2Output(uint256 index) external view returns (Output memory) {
        return _outputs[index];
    }

    function nextOutputIndex() external view returns (uint256) {
        return _outputs.length;
    }
}

/// @notice The same rule as {ProvenOutputs}, asked by call.
contract LiveOutputsTest is Test {
    bytes32 private constant STATE = keccak256("state root");

    Oracle private oracle;
    LiveOutputs private live;
    bytes private preimage = abi.encodePacked(STATE, keccak256("message passer"), keccak256("block"));
    bytes32 private outputRoot = keccak256(abi.encodePacked(bytes32(0), preimage));
    bytes private claim = abi.encodePacked(uint64(0), preimage);

    function setUp() public {
        vm.warp(1_800_000_000);
        oracle = new Oracle();
        live = new LiveOutputs(901, oracle);
        oracle.propose(outputRoot, 42);
    }

    function test_settled_waitsForTheWholePeriod() public {
        uint256 ready = block.timestamp + 100;
        vm.warp(ready);
        vm.expectRevert(abi.encodeWithSelector(WithdrawalRule.NotYetSettled.selector, ready, ready));
        live.settled(claim);
        vm.warp(ready + 1);
        (uint64 number, bytes32 stateRoot) = live.settled(claim);
        assertEq(number, 42);
        assertEq(stateRoot, STATE);
    }

    function test_settled_refusesABlockNumberThatIsNone() public {
        uint128 number = 1 << 64;
        oracle.propose(outputRoot, number);
        skip(101);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 64, number));
        live.settled(abi.encodePacked(uint64(1), preimage));
    }

    function test_settled_refusesADeletedOutputAndOneThatWasNeverThere() public {
        skip(101);
        vm.expectRevert(abi.encodeWithSelector(LiveOutputs.Deleted.selector, 1, 1));
        live.settled(abi.encodePacked(uint64(1), preimage));
        oracle.remove(0);
        vm.expectRevert(abi.encodeWithSelector(LiveOutputs.Deleted.selector, 0, 0));
        live.settled(claim);
    }

    /// @dev The attack: the index of a true output, and the preimage of a false one.
    function test_settled_refusesAnotherPreimage() public {
        skip(101);
        for (uint256 i = 8; i < claim.length; i += 32) {
            bytes memory other = claim;
            other[i] ^= 0x01;
            vm.expectPartialRevert(LiveOutputs.NotThisOutput.selector);
            live.settled(other);
        }
    }

    function test_settled_refusesWhilePaused() public {
        skip(101);
        oracle.pause(true);
        vm.expectRevert(WithdrawalRule.Paused.selector);
        live.settled(claim);
        oracle.pause(false);
        live.settled(claim);
    }

    function test_settled_refusesACutOrExtendedClaim() public {
        skip(101);
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.SPARE_BYTES));
        live.settled(bytes.concat(claim, hex"00"));
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
        live.settled(abi.encodePacked(uint64(0), STATE));
    }

    function test_deposit_goesByThePortalWithoutValue() public {
        (address bridge, bytes memory call) = live.deposit(address(0xB0B), 77_000, "data", 0, address(this));
        assertEq(bridge, address(oracle));
        assertEq(
            call,
            abi.encodeWithSignature(
                "depositTransaction(address,uint256,uint64,bool,bytes)", address(0xB0B), 0, 77_000, false, bytes("data")
            )
        );
        vm.expectRevert(abi.encodeWithSelector(IRollup.WrongValue.selector, 1, 0));
        live.deposit(address(0xB0B), 77_000, "data", 1, address(this));
    }
}
