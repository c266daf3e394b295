// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title A contract of L1, as a sender on a rollup
/// @notice OP Stack, Arbitrum Nitro and ZK Stack add the same number to the address of an L1 contract that sends a
/// deposit, so that it cannot pose as whatever stands at the same address on the rollup. Source: `AddressAliasHelper`
/// in each of them.
library L1Alias {
    uint160 internal constant OFFSET = uint160(0x1111000000000000000000000000000000001111);

    /// @notice The sender as whom `account` speaks on a rollup.
    function speaker(address account) internal pure returns (address) {
        // Addresses wrap, as the bridges' own sum does.
        unchecked {
            return address(uint160(account) + OFFSET);
        }
    }
}
