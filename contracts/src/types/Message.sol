// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title Message
/// @notice What a sender on the origin says to a recipient on the destination, its payload by hash. Packed it is the
/// 163-byte header, whose hash is the message id; see chapter 1 of the protocol for the fields.
struct Message {
    uint8 flags;
    uint8 assurance;
    uint64 origin;
    uint64 destination;
    uint64 nonce;
    address outbox;
    address inbox;
    address sender;
    address recipient;
    uint32 gasLimit;
    uint64 expiry;
    uint96 fee;
    bytes32 payloadHash;
}

using {encode, id} for Message global;

/// @dev First byte of every header.
uint8 constant VERSION = 1;
/// @dev Flag bit 0: a recipient without code counts as success.
uint8 constant ALLOW_NO_CODE = 1;
/// @dev Bytes of a header.
uint256 constant HEADER_SIZE = 163;
/// @dev No message may ask for more, so that one message with its proof fits one transaction (2^24 gas by EIP-7825).
uint32 constant MAX_GAS_LIMIT = 10_000_000;
/// @dev What a message asks for when its sender names nothing.
uint32 constant DEFAULT_GAS_LIMIT = 200_000;
/// @dev The length of a payload has two bytes on the wire.
uint256 constant MAX_PAYLOAD = 65_535;

/// @dev The 163 bytes.
function encode(Message memory m) pure returns (bytes memory header) {
    header = abi.encodePacked(
        VERSION, m.flags, m.assurance, m.origin, m.destination, m.nonce, m.outbox, m.inbox, m.sender, m.recipient
    );
    header = abi.encodePacked(header, m.gasLimit, m.expiry, m.fee, m.payloadHash);
}

/// @dev keccak256 of the header, which is {encode} written once, field over field: each of these words brings zeros behind its
/// bytes, and the next one writes over them. Saves 400 gas a message. A test compares both.
function id(Message memory m) pure returns (bytes32 hash) {
    // Beyond the free memory pointer, which does not move: nothing there is in use.
    assembly ("memory-safe") {
        let p := mload(0x40)
        mstore8(p, 1) // VERSION
        mstore8(add(p, 1), mload(m)) // flags
        mstore8(add(p, 2), mload(add(m, 0x20))) // assurance
        mstore(add(p, 3), shl(192, mload(add(m, 0x40)))) // origin
        mstore(add(p, 11), shl(192, mload(add(m, 0x60)))) // destination
        mstore(add(p, 19), shl(192, mload(add(m, 0x80)))) // nonce
        mstore(add(p, 27), shl(96, mload(add(m, 0xa0)))) // outbox
        mstore(add(p, 47), shl(96, mload(add(m, 0xc0)))) // inbox
        mstore(add(p, 67), shl(96, mload(add(m, 0xe0)))) // sender
        mstore(add(p, 87), shl(96, mload(add(m, 0x100)))) // recipient
        mstore(add(p, 107), shl(224, mload(add(m, 0x120)))) // gas limit
        mstore(add(p, 111), shl(192, mload(add(m, 0x140)))) // expiry
        mstore(add(p, 119), shl(160, mload(add(m, 0x160)))) // fee
        mstore(add(p, 131), mload(add(m, 0x180))) // payload hash
        hash := keccak256(p, 163) // HEADER_SIZE
    }
}
