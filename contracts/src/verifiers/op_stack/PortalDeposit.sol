// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {IRollup} from "../../interfaces/IRollup.sol";

/// @notice The part of `OptimismPortal` that takes deposits, the same in each of its versions.
interface IDepositPortal {
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable;
}

/// @title A deposit by the canonical bridge of an OP-Stack chain
/// @notice The portal burns L1 gas for the gas on the rollup and takes no wei for it.
library PortalDeposit {
    /// @notice The call for {IRollup.deposit}.
    /// @custom:throws IRollup.WrongValue
    function encode(address portal, address target, uint64 gasLimit, bytes calldata data, uint256 value)
        internal
        pure
        returns (address bridge, bytes memory call)
    {
        if (value != 0) revert IRollup.WrongValue(value, 0);
        return (portal, abi.encodeCall(IDepositPortal.depositTransaction, (target, 0, gasLimit, false, data)));
    }
}
