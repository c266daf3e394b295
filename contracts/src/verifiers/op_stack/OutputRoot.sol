// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {Packed} from "../../libraries/Packed.sol";

/// @title What an OP-Stack chain posts of a block
/// @notice Output root = keccak256(version 0 as 32 ‖ state root ‖ storage root of the L2ToL1MessagePasser ‖ block
/// hash). Source: OP-Stack specification, "L2 output root proposals".
library OutputRoot {
    /// @notice Reads state root 32 ‖ storage root 32 ‖ block hash 32 from the front of `data`.
    /// @custom:throws StateProof.InvalidProof
    function read(bytes calldata data)
        internal
        pure
        returns (bytes32 outputRoot, bytes32 stateRoot, bytes calldata rest)
    {
        bytes calldata preimage;
        (preimage, rest) = Packed.take(data, 96);
        outputRoot = keccak256(abi.encodePacked(bytes32(0), preimage));
        stateRoot = bytes32(preimage);
    }
}
