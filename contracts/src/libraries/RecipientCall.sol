// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC7786Recipient} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";

/// @title Calls a recipient alone: what it does harms no other message and not the caller
/// @notice One buffer holds the calldata of `receiveMessage(id, sender, payload)` and is reused for a whole batch: selector,
/// offsets and the sender's chain stand in it for good, each message writes its id, sender and payload.
library RecipientCall {
    /// @dev Memory positions in that calldata.
    /// @param start First byte, the selector
    /// @param sender Where the sender's 20 bytes go
    /// @param payload Where the payload goes; the word before is its length
    struct Buffer {
        uint256 start;
        uint256 sender;
        uint256 payload;
    }

    /// @dev Gas besides the recipient's limit: two cold accounts (a recipient that delegates by EIP-7702 is one more) and
    /// the steps around the call.
    uint256 private constant OVERHEAD = 8_000;
    /// @dev How much of what came back is kept.
    uint256 private constant REASON = 256;

    /// @dev Lays out a buffer for messages from `origin` with payloads of at most `longest` bytes.
    function prepare(uint64 origin, uint256 longest) internal pure returns (Buffer memory b) {
        bytes memory sender = InteroperableAddress.formatEvmV1(origin, address(0));
        bytes memory encoded = abi.encodeCall(IERC7786Recipient.receiveMessage, (0, sender, ""));
        assembly ("memory-safe") {
            let start := add(encoded, 0x20)
            let payload := add(start, mload(encoded)) // an empty payload ends with its length word
            mstore(b, start)
            mstore(add(b, 0x20), add(start, add(112, mload(sender)))) // 132 bytes stand before it, its address is its last 20
            mstore(add(b, 0x40), payload)
            mstore(0x40, and(add(add(payload, longest), 0x5f), not(0x1f))) // reserve the payload and one word of padding
        }
    }

    /// @dev Writes one message into the buffer.
    /// @param payload Calldata position of the payload
    function fill(Buffer memory b, bytes32 id, address sender, uint256 payload, uint256 length) internal pure {
        assembly ("memory-safe") {
            mstore(add(mload(b), 4), id)
            mstore(mload(add(b, 0x20)), shl(96, sender)) // 12 zeros after it: padding, then the length word, written next
            let to := mload(add(b, 0x40))
            mstore(sub(to, 0x20), length)
            calldatacopy(to, payload, length)
            mstore(add(to, length), 0) // padding: a longer payload may have stood here
        }
    }

    /// @dev Gas that must be left right before {send} for the recipient to get all of `gasLimit`: the EVM gives a call at
    /// most 63/64 of what is left, and gives less without a word; 1/32 is more than that 1/64.
    function gasNeeded(uint256 gasLimit) internal pure returns (uint256) {
        return gasLimit + gasLimit / 32 + OVERHEAD;
    }

    /// @dev Calls `recipient` with what {fill} wrote. At most 32 bytes of the answer are copied, however long it is.
    /// @param allowNoCode A recipient without code counts as success
    /// @return success Whether it answered with the selector of `receiveMessage`, as ERC-7786 asks
    function send(Buffer memory b, address recipient, uint256 gasLimit, uint256 length, bool allowNoCode)
        internal
        returns (bool success)
    {
        bytes4 selector = IERC7786Recipient.receiveMessage.selector;
        assembly ("memory-safe") {
            let start := mload(b)
            let size := add(sub(mload(add(b, 0x40)), start), and(add(length, 0x1f), not(0x1f))) // the payload padded
            success := call(gasLimit, recipient, 0, start, size, 0x00, 0x20)
            if success {
                switch gt(returndatasize(), 0x1f)
                case 1 { success := eq(mload(0x00), selector) } // the whole word: selector and 28 zeros
                default { success := and(allowNoCode, iszero(extcodesize(recipient))) }
            }
        }
    }

    /// @dev What the last call gave back, cut to 256 bytes. To be read before any other call.
    function reason() internal pure returns (bytes memory data) {
        assembly ("memory-safe") {
            let size := returndatasize()
            if gt(size, REASON) { size := REASON }
            data := mload(0x40)
            mstore(data, size)
            returndatacopy(add(data, 0x20), 0x00, size)
            mstore(0x40, add(data, add(0x20, and(add(size, 0x1f), not(0x1f)))))
        }
    }
}
