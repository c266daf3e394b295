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

/// @dev keccak256 of the header.
function id(Message memory m) pure returns (bytes32) {
    return keccak256(encode(m));
}
