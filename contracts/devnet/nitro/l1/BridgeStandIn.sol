// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title Stand-in for a Nitro bridge on L1
/// @notice Keeps the ether and the two inbox accumulators, with the ABI and events of Arbitrum's bridge. For devnets
/// where Arbitrum's own contracts cannot be fetched; it has no upgrades, no owner and one inbox. The outboxes that it
/// allows are in slot 2, which others prove; it stands behind an ERC-1967 proxy, as there.
contract BridgeStandIn {
    /// @dev What is kept of an outbox.
    struct Info {
        uint256 index;
        bool allowed;
    }

    address public rollup;
    address public inbox;
    mapping(address outbox => Info) private _outboxes;
    address public outbox;
    address public sequencerInbox;
    /// @notice The outbox on whose behalf a call is being made.
    address public activeOutbox;

    bytes32[] public delayedInboxAccs;
    bytes32[] public sequencerInboxAccs;
    uint256 public sequencerReportedSubMessageCount;

    event MessageDelivered(
        uint256 indexed messageIndex,
        bytes32 indexed beforeInboxAcc,
        address inbox,
        uint8 kind,
        address sender,
        bytes32 messageDataHash,
        uint256 baseFeeL1,
        uint64 timestamp
    );
    event BridgeCallTriggered(address indexed outbox, address indexed to, uint256 value, bytes data);

    error NotDelayedInbox(address sender);
    error NotSequencerInbox(address sender);
    error NotOutbox(address sender);
    error NotContract(address addr);
    error BadSequencerMessageNumber(uint256 stored, uint256 received);

    /// @notice Once, by whoever deploys: who may call what.
    function initialize(address rollup_, address inbox_, address outbox_, address sequencerInbox_) external {
        require(rollup == address(0), "already initialized");
        (rollup, inbox, outbox, sequencerInbox) = (rollup_, inbox_, outbox_, sequencerInbox_);
        _outboxes[outbox_].allowed = true;
    }

    function enqueueDelayedMessage(uint8 kind, address sender, bytes32 messageDataHash)
        external
        payable
        returns (uint256 index)
    {
        require(msg.sender == inbox, NotDelayedInbox(msg.sender));
        index = delayedInboxAccs.length;
        bytes32 messageHash = keccak256(
            abi.encodePacked(
                kind, sender, uint64(block.number), uint64(block.timestamp), index, block.basefee, messageDataHash
            )
        );
        bytes32 before = index == 0 ? bytes32(0) : delayedInboxAccs[index - 1];
        delayedInboxAccs.push(keccak256(abi.encodePacked(before, messageHash)));
        emit MessageDelivered(
            index, before, msg.sender, kind, sender, messageDataHash, block.basefee, uint64(block.timestamp)
        );
    }

    function enqueueSequencerMessage(bytes32 dataHash, uint256 delayedRead, uint256 prevCount, uint256 newCount)
        external
        returns (uint256 index, bytes32 beforeAcc, bytes32 delayedAcc, bytes32 acc)
    {
        require(msg.sender == sequencerInbox, NotSequencerInbox(msg.sender));
        uint256 reported = sequencerReportedSubMessageCount;
        require(
            reported == prevCount || prevCount == 0 || reported == 0, BadSequencerMessageNumber(reported, prevCount)
        );
        sequencerReportedSubMessageCount = newCount;
        index = sequencerInboxAccs.length;
        beforeAcc = index == 0 ? bytes32(0) : sequencerInboxAccs[index - 1];
        delayedAcc = delayedRead == 0 ? bytes32(0) : delayedInboxAccs[delayedRead - 1];
        acc = keccak256(abi.encodePacked(beforeAcc, dataHash, delayedAcc));
        sequencerInboxAccs.push(acc);
    }

    function executeCall(address to, uint256 value, bytes calldata data)
        external
        returns (bool success, bytes memory returnData)
    {
        require(_outboxes[msg.sender].allowed, NotOutbox(msg.sender));
        require(data.length == 0 || to.code.length != 0, NotContract(to));
        address previous = activeOutbox;
        activeOutbox = msg.sender;
        (success, returnData) = to.call{value: value}(data);
        activeOutbox = previous;
        emit BridgeCallTriggered(msg.sender, to, value, data);
    }

    function delayedMessageCount() external view returns (uint256) {
        return delayedInboxAccs.length;
    }

    function sequencerMessageCount() external view returns (uint256) {
        return sequencerInboxAccs.length;
    }

    function allowedDelayedInboxes(address account) external view returns (bool) {
        return account == inbox;
    }

    function allowedOutboxes(address account) external view returns (bool) {
        return _outboxes[account].allowed;
    }
}
