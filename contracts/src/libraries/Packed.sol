// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {StateProof} from "./StateProof.sol";
import {ProofError} from "./Trie.sol";

/// @title Packed bytes, read from the front
/// @notice Each function takes what it reads off the front and returns the rest; bytes that are missing are an error
/// with a name, never zeros.
library Packed {
    /// @notice The next `size` bytes.
    /// @custom:throws StateProof.InvalidProof, with CUT_SHORT
    function take(bytes calldata data, uint256 size) internal pure returns (bytes calldata part, bytes calldata rest) {
        if (data.length < size) revert StateProof.InvalidProof(ProofError.CUT_SHORT);
        return (data[:size], data[size:]);
    }

    /// @notice The next `size` bytes, at most 32, as a big-endian number.
    /// @custom:throws StateProof.InvalidProof, with CUT_SHORT
    function number(bytes calldata data, uint256 size) internal pure returns (uint256 value, bytes calldata rest) {
        bytes calldata part;
        (part, rest) = take(data, size);
        // `bytes32` of a slice pads on the right.
        value = uint256(bytes32(part)) >> (256 - 8 * size);
    }

    /// @notice The next 32 bytes.
    /// @custom:throws StateProof.InvalidProof, with CUT_SHORT
    function word(bytes calldata data) internal pure returns (bytes32 value, bytes calldata rest) {
        bytes calldata part;
        (part, rest) = take(data, 32);
        value = bytes32(part);
    }
}
