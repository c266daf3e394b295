// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BridgeStandIn} from "./BridgeStandIn.sol";

/// @title Stand-in for a Nitro sequencer inbox on L1
/// @notice Takes the L2's batches, in order, and messages that the sequencer leaves out for too long, with the ABI and
/// events of Arbitrum's.
contract SequencerInboxStandIn {
    struct TimeBounds {
        uint64 minTimestamp;
        uint64 maxTimestamp;
        uint64 minBlockNumber;
        uint64 maxBlockNumber;
    }

    /// @dev Where a batch's data is: in the transaction itself, or there is none.
    enum BatchDataLocation {
        TxInput,
        SeparateBatchEvent,
        NoData,
        Blob
    }

    BridgeStandIn public immutable bridge;
    /// @notice L1 blocks after which anybody may include a delayed message.
    uint256 public immutable delayBlocks;
    uint256 public totalDelayedMessagesRead;
    mapping(address account => bool) public isBatchPoster;

    event SequencerBatchDelivered(
        uint256 indexed batchSequenceNumber,
        bytes32 indexed beforeAcc,
        bytes32 indexed afterAcc,
        bytes32 delayedAcc,
        uint256 afterDelayedMessagesRead,
        TimeBounds timeBounds,
        BatchDataLocation dataLocation
    );

    error NotBatchPoster();
    error NotCodelessOrigin();
    error BadSequencerNumber(uint256 stored, uint256 received);
    error DelayedBackwards();
    error DelayedTooFar();
    error ForceIncludeBlockTooSoon();
    error IncorrectMessagePreimage();

    constructor(BridgeStandIn bridge_, address batchPoster, uint256 delayBlocks_) {
        bridge = bridge_;
        isBatchPoster[batchPoster] = true;
        delayBlocks = delayBlocks_;
    }

    function addSequencerL2BatchFromOrigin(
        uint256 sequenceNumber,
        bytes calldata data,
        uint256 afterDelayedMessagesRead,
        address,
        uint256 prevMessageCount,
        uint256 newMessageCount
    ) external {
        // solhint-disable-next-line avoid-tx-origin
        require(msg.sender == tx.origin && msg.sender.code.length == 0, NotCodelessOrigin());
        require(isBatchPoster[msg.sender], NotBatchPoster());
        uint256 count = bridge.sequencerMessageCount();
        require(sequenceNumber == count, BadSequencerNumber(count, sequenceNumber));
        _add(afterDelayedMessagesRead, keccak256(data), prevMessageCount, newMessageCount, BatchDataLocation.TxInput);
    }

    /// @notice Anybody, for a delayed message that has waited: it and all before it are read now.
    function forceInclusion(
        uint256 totalRead,
        uint8 kind,
        uint64[2] calldata l1BlockAndTime,
        uint256 baseFeeL1,
        address sender,
        bytes32 messageDataHash
    ) external {
        require(totalRead > totalDelayedMessagesRead, DelayedBackwards());
        require(l1BlockAndTime[0] + delayBlocks < block.number, ForceIncludeBlockTooSoon());
        bytes32 messageHash = keccak256(
            abi.encodePacked(
                kind, sender, l1BlockAndTime[0], l1BlockAndTime[1], totalRead - 1, baseFeeL1, messageDataHash
            )
        );
        bytes32 before = totalRead > 1 ? bridge.delayedInboxAccs(totalRead - 2) : bytes32(0);
        require(
            bridge.delayedInboxAccs(totalRead - 1) == keccak256(abi.encodePacked(before, messageHash)),
            IncorrectMessagePreimage()
        );
        uint256 reported = bridge.sequencerReportedSubMessageCount();
        _add(totalRead, 0, reported, reported, BatchDataLocation.NoData);
    }

    function batchCount() external view returns (uint256) {
        return bridge.sequencerMessageCount();
    }

    function inboxAccs(uint256 index) external view returns (bytes32) {
        return bridge.sequencerInboxAccs(index);
    }

    /// @notice Blocks and seconds that a batch may be behind and ahead of L1; only the first is kept to here.
    function maxTimeVariation() external view returns (uint256, uint256, uint256, uint256) {
        return (delayBlocks, 0, 0, 0);
    }

    function _add(
        uint256 delayedRead,
        bytes32 contentHash,
        uint256 prevCount,
        uint256 newCount,
        BatchDataLocation location
    ) private {
        require(delayedRead >= totalDelayedMessagesRead, DelayedBackwards());
        require(delayedRead <= bridge.delayedMessageCount(), DelayedTooFar());
        TimeBounds memory bounds = TimeBounds(0, uint64(block.timestamp), 0, uint64(block.number));
        bytes32 dataHash = keccak256(abi.encode(bounds, delayedRead, contentHash));
        totalDelayedMessagesRead = delayedRead;
        (uint256 number, bytes32 beforeAcc, bytes32 delayedAcc, bytes32 acc) =
            bridge.enqueueSequencerMessage(dataHash, delayedRead, prevCount, newCount);
        emit SequencerBatchDelivered(number, beforeAcc, acc, delayedAcc, delayedRead, bounds, location);
    }
}
