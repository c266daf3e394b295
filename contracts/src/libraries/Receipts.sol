// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title Entries of a receipt log
/// @notice Chapter 5 of the protocol. The destination appends an entry's hash; the origin hashes the entry it is shown.
/// Tags keep the two kinds apart, and an entry from an id.
library Receipts {
    uint8 internal constant DELIVERED = 0x81;
    uint8 internal constant EXPIRED = 0x82;

    /// @dev Hash of `delivered`: nonces `256 * page + i`, for each bit i, succeeded; `payee` has earned `fees` wei.
    /// In assembly because 100 receipts settled at once are 100 of these: 200 gas less than `abi.encodePacked` each.
    function delivered(uint40 page, uint256 bitmap, address payee, uint96 fees) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let p := mload(0x40) // beyond all that is allocated
            mstore8(p, DELIVERED)
            mstore(add(p, 1), shl(216, page))
            mstore(add(p, 6), bitmap)
            mstore(add(p, 38), shl(96, payee))
            mstore(add(p, 58), shl(160, fees))
            hash := keccak256(p, 70)
        }
    }

    /// @dev Hash of `expired`: the message's time was over before it was delivered.
    function expired(bytes32 id) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(EXPIRED, id));
    }
}
