// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC7786Recipient} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {IInbox} from "../interfaces/IInbox.sol";
import {MessageCodec} from "./MessageCodec.sol";

/// @title Calls a recipient alone: what it does harms no other message and not the caller
/// @notice One buffer holds the calldata of `receiveMessage(id, sender, payload)` and is reused for a whole batch: selector,
/// offsets and the sender's chain stand in it for good, each message writes its id, sender and payload.
library RecipientCall {
    using MessageCodec for bytes;

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
    /// @dev How much of a revert's reason is kept.
    uint256 private constant REASON = 256;

    /// @dev Lays out a buffer for messages from chain `from`, with payloads of at most `longest` bytes.
    function prepare(uint64 from, uint256 longest) internal pure returns (Buffer memory b) {
        bytes4 selector = IERC7786Recipient.receiveMessage.selector;
        uint256 idSize = 1; // bytes of the chain id, without leading zeros
        while (from >> (idSize << 3) != 0) {
            unchecked {
                ++idSize; // at most 8
            }
        }
        assembly ("memory-safe") {
            let start := mload(0x40)
            let size := add(26, idSize) // of the sender: version 2, type 2, two lengths, chain id, address 20
            let room := and(add(size, 0x1f), not(0x1f)) // padded: one word or two
            mstore(start, selector)
            // at 4: id
            mstore(add(start, 36), 0x60) // offset of the sender
            mstore(add(start, 68), add(0x80, room)) // offset of the payload
            mstore(add(start, 100), size)
            // 00 01 | 00 00 | size of the id | id | 20, to the top of the word; then the address
            mstore(add(start, 132), 0)
            mstore(add(start, 164), 0)
            let names := or(shl(8, or(shl(shl(3, idSize), or(0x0001000000, idSize)), from)), 20)
            mstore(add(start, 132), shl(sub(208, shl(3, idSize)), names)) // 6 + idSize bytes long
            let payload := add(add(start, 164), room)
            mstore(b, start)
            mstore(add(b, 0x20), add(start, add(138, idSize))) // 132 + 6 + idSize
            mstore(add(b, 0x40), payload)
            mstore(0x40, and(add(add(payload, longest), 0x5f), not(0x1f))) // reserve the payload and a word of padding
        }
    }

    /// @dev Calls the recipient that `header` names, with exactly `gasLimit` gas or not at all. At most 32 bytes of the
    /// answer are copied, however long it is.
    /// @param payload Calldata position of the payload
    /// @param length Its bytes
    /// @return success Whether the recipient answered with the selector of `receiveMessage`, as ERC-7786 asks, or has no
    /// code and the header allows that
    function attempt(
        Buffer memory b,
        bytes memory header,
        bytes32 id,
        uint256 payload,
        uint256 length,
        uint256 gasLimit
    ) internal returns (bool success) {
        assembly ("memory-safe") {
            mstore(add(mload(b), 4), id)
            let sender := shl(96, shr(96, mload(add(header, 0x63)))) // at 67, its 20 bytes to the top
            mstore(mload(add(b, 0x20)), sender) // and 12 zeros: padding, then the length word, which is written next
            let to := mload(add(b, 0x40))
            mstore(sub(to, 0x20), length)
            calldatacopy(to, payload, length)
            mstore(add(to, length), 0) // padding: a longer payload may have stood here
        }
        // The EVM gives a call at most 63/64 of the gas that is left, and gives less without a word; 1/32 is more than
        // that 1/64. A retry may name any limit: one so high that the sum wraps is refused too.
        unchecked {
            uint256 needed = gasLimit + (gasLimit >> 5) + OVERHEAD;
            if (gasleft() < needed || needed < gasLimit) revert IInbox.GasTooLow(header.nonceOf(), needed);
        }
        bytes4 selector = IERC7786Recipient.receiveMessage.selector;
        assembly ("memory-safe") {
            let start := mload(b)
            let size := add(sub(mload(add(b, 0x40)), start), and(add(length, 0x1f), not(0x1f))) // payload padded
            let recipient := shr(96, mload(add(header, 0x77))) // at 87
            success := call(gasLimit, recipient, 0, start, size, 0x00, 0x20)
            if success {
                switch gt(returndatasize(), 0x1f)
                case 1 { success := eq(mload(0x00), selector) } // the whole word: selector and 28 zeros
                default { success := and(byte(0, mload(add(header, 0x21))), iszero(extcodesize(recipient))) } // flag bit 0
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
