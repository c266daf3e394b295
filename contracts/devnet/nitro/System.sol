// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title Addresses and means of the emulated ArbOS
library System {
    address internal constant ARB_SYS = address(0x64);
    address internal constant ARB_RETRYABLE_TX = address(0x6e);
    address internal constant ARB_OS = address(0xA4B05);
    /// @dev The sequencer sends from (0xA4B05 << 32) + n, of which nobody knows a key.
    uint160 private constant SENDERS = 0xA4B05;

    error OnlyArbOS(address caller);

    /// @notice Reverts unless ArbOS calls: a system transaction of the sequencer, or its contract.
    function only() internal view {
        require(uint160(msg.sender) >> 32 == SENDERS || msg.sender == ARB_OS, OnlyArbOS(msg.sender));
    }

    /// @notice Credits ether without a call of the receiver, as ArbOS moves balances.
    function credit(address to, uint256 amount) internal {
        if (amount == 0) return;
        // PUSH20 to, SELFDESTRUCT: what its creation sends along goes on to `to`, whatever code is there.
        bytes memory forward = abi.encodePacked(hex"73", to, hex"ff");
        // The bytes lie behind their length word; nothing is written to memory.
        assembly ("memory-safe") {
            if iszero(create(amount, add(forward, 0x20), mload(forward))) { revert(0, 0) }
        }
    }
}
