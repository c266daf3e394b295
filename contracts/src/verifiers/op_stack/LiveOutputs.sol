// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IRollup} from "../../interfaces/IRollup.sol";
import {Packed} from "../../libraries/Packed.sol";
import {StateRooted} from "../StateRooted.sol";
import {OutputRoot} from "./OutputRoot.sol";
import {PortalDeposit} from "./PortalDeposit.sol";
import {WithdrawalRule} from "./WithdrawalRule.sol";

/// @notice The part of the legacy `OptimismPortal` (2.8.1) that is read here.
interface ILegacyPortal {
    function paused() external view returns (bool);
    function l2Oracle() external view returns (IOutputOracle);
}

/// @notice The part of `L2OutputOracle` (1.8.0) that is read here.
interface IOutputOracle {
    struct Output {
        bytes32 outputRoot;
        uint128 timestamp;
        uint128 l2BlockNumber;
    }

    function getL2Output(uint256 index) external view returns (Output memory);
    function nextOutputIndex() external view returns (uint256);
    function finalizationPeriodSeconds() external view returns (uint256);
}

/// @title An OP-Stack chain with an output oracle, as L1 sees it now
/// @notice For chains from before dispute games. The portal's rule for withdrawals, asked of the contracts themselves;
/// {ProvenOutputs} is the same rule by proof.
///
/// claim = output index u64 ‖ L2 state root 32 ‖ message passer's storage root 32 ‖ L2 block hash 32
contract LiveOutputs is StateRooted {
    /// @notice The oracle's list ends before this output: it was deleted, or never there.
    error Deleted(uint256 index, uint256 length);
    /// @notice The oracle has another output root at this index.
    error NotThisOutput(uint256 index, bytes32 outputRoot, bytes32 expected);

    ILegacyPortal public immutable portal;

    constructor(uint64 rollup, ILegacyPortal portal_) StateRooted(rollup) {
        portal = portal_;
    }

    /// @inheritdoc IRollup
    function deposit(address target, uint64 gasLimit, bytes calldata data, uint256 value, address)
        external
        view
        returns (address bridge, bytes memory call)
    {
        return PortalDeposit.encode(address(portal), target, gasLimit, data, value);
    }

    /// @inheritdoc StateRooted
    /// @custom:throws Deleted, NotThisOutput, WithdrawalRule.NotYetSettled, WithdrawalRule.Paused,
    /// SafeCast.SafeCastOverflowedUintDowncast, StateProof.InvalidProof
    function _settled(bytes calldata proof)
        internal
        view
        override
        returns (uint64 number, bytes32 stateRoot, bytes calldata rest)
    {
        uint256 index;
        (index, rest) = Packed.number(proof, 8);
        bytes32 expected;
        (expected, stateRoot, rest) = OutputRoot.read(rest);

        IOutputOracle oracle = portal.l2Oracle();
        if (portal.paused()) revert WithdrawalRule.Paused();
        uint256 length = oracle.nextOutputIndex();
        if (index >= length) revert Deleted(index, length);
        IOutputOracle.Output memory output = oracle.getL2Output(index);
        if (output.outputRoot != expected) revert NotThisOutput(index, output.outputRoot, expected);
        uint256 ready = output.timestamp + oracle.finalizationPeriodSeconds();
        if (block.timestamp <= ready) revert WithdrawalRule.NotYetSettled(block.timestamp, ready);
        number = SafeCast.toUint64(output.l2BlockNumber);
    }
}
