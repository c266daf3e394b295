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
    return
        keccak256(
            abi.encodePacked("xl2.lane.v1", lane.origin, lane.outbox, lane.destination, lane.inbox, lane.assurance)
        );
}

/// @dev Names the receipt log and is its head before the first receipt: keccak256("xl2.receipts.v1" ‖ lane).
function receiptLog(Lane memory lane) pure returns (bytes32) {
    return keccak256(
        abi.encodePacked("xl2.receipts.v1", lane.origin, lane.outbox, lane.destination, lane.inbox, lane.assurance)
    );
}

/// @dev The log of the given kind.
function logOf(Lane memory lane, LogKind kind) pure returns (bytes32) {
    return kind == LogKind.LANE ? log(lane) : receiptLog(lane);
}
