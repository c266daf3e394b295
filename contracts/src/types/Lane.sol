// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title Lane
/// @notice One direction between two chains at one evidence class. Nonces, statuses, fees and both logs are the lane's own.
/// @param origin EIP-155 id of the chain that sends
/// @param outbox Contract that accepts messages there
/// @param destination EIP-155 id of the chain that receives
/// @param inbox Contract that delivers messages there
/// @param assurance Class of the lane: least evidence, there and back (0 attested, 1 optimistic, 2 settled)
struct Lane {
    uint64 origin;
    address outbox;
    uint64 destination;
    address inbox;
    uint8 assurance;
}

/// @notice The two logs of a lane: message ids at the origin, receipts at the destination.
enum LogKind {
    LANE,
    RECEIPTS
}

using {log, receiptLog, logOf} for Lane global;

/// @dev Names the lane log and is its head before the first message: keccak256("xl2.lane.v1" ‖ lane).
function log(Lane memory lane) pure returns (bytes32) {
    return hashLane(lane, "xl2.lane.v1", 11);
}

/// @dev Names the receipt log and is its head before the first receipt: keccak256("xl2.receipts.v1" ‖ lane).
function receiptLog(Lane memory lane) pure returns (bytes32) {
    return hashLane(lane, "xl2.receipts.v1", 15);
}

/// @dev The log of the given kind.
function logOf(Lane memory lane, LogKind kind) pure returns (bytes32) {
    return kind == LogKind.LANE ? log(lane) : receiptLog(lane);
}

/// @dev keccak256(tag ‖ origin ‖ outbox ‖ destination ‖ inbox ‖ class). `abi.encodePacked` of the same costs 450 gas more,
/// and every delivery pays it twice.
function hashLane(Lane memory lane, bytes32 tag, uint256 tagSize) pure returns (bytes32 hash) {
    assembly ("memory-safe") {
        let start := mload(0x40) // beyond all that is allocated
        mstore(start, tag)
        let p := add(start, tagSize)
        mstore(p, shl(192, mload(lane))) // origin
        mstore(add(p, 8), shl(96, mload(add(lane, 0x20)))) // outbox
        mstore(add(p, 28), shl(192, mload(add(lane, 0x40)))) // destination
        mstore(add(p, 36), shl(96, mload(add(lane, 0x60)))) // inbox
        mstore8(add(p, 56), mload(add(lane, 0x80))) // class
        hash := keccak256(start, add(tagSize, 57))
    }
}
