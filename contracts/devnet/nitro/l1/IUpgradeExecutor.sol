// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title What a Nitro rollup's owner calls it through
/// @notice Only the interface is used: Arbitrum's rollups have this contract for their owner; the stand-ins do without.
interface IUpgradeExecutor {
    function executeCall(address target, bytes calldata targetCallData) external payable;
}
