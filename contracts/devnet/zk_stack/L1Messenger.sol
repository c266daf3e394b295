// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title L1Messenger of a ZK-stack chain, for the devnet
/// @notice Stands at 0x8008. Says what the real one says, by the same event; what a real one writes into the batch's
/// pubdata, the devnet's batcher reads from the event.
contract L1Messenger {
    /// @notice `_sender` sent `_message`, whose keccak-256 is `_hash`, to L1.
    event L1MessageSent(address indexed _sender, bytes32 indexed _hash, bytes _message);

    /// @notice Sends a message to L1; its keccak-256.
    function sendToL1(bytes calldata message) external returns (bytes32 hash) {
        hash = keccak256(message);
        emit L1MessageSent(msg.sender, hash, message);
    }
}
