// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title Hash chains of lanes, and where their heads stand in storage
/// @notice A log is a chain `head[n+1] = keccak256(head[n] ‖ entry)` cut into pages of 256 entries; the head after each
/// full page is kept, so that any page can be proven alone. Other chains prove these slots, so they hang under names,
/// never under compiler order: a change here is a new version of the protocol (chapter 2).
library LaneLog {
    /// @notice A lane log as the outbox keeps it: two words.
    /// @param head Value of the chain after `nonce` entries
    /// @param inbox End of the lane, zero while the lane is not open
    /// @param nonce Messages sent
    /// @param escrow gwei that the lane took in and has not paid out
    struct Sent {
        bytes32 head;
        address inbox;
        uint40 nonce;
        uint56 escrow;
    }

    /// @notice A receipt log as the inbox keeps it: two words.
    /// @param head Value of the chain, 0 before the first entry
    /// @param count Entries
    struct Received {
        bytes32 head;
        uint40 count;
    }

    /// @dev Entries of a page.
    uint256 internal constant PAGE = 256;

    bytes32 internal constant LANES = keccak256("xl2.outbox.lanes");
    bytes32 internal constant LANE_PAGES = keccak256("xl2.outbox.pages");
    bytes32 internal constant RECEIPTS = keccak256("xl2.inbox.receipts");
    bytes32 internal constant RECEIPT_PAGES = keccak256("xl2.inbox.receiptPages");

    /// @dev Head of a log after one more entry.
    function extend(bytes32 head, bytes32 entry) internal pure returns (bytes32 next) {
        assembly ("memory-safe") {
            mstore(0x00, head) // both words in scratch space
            mstore(0x20, entry)
            next := keccak256(0x00, 0x40)
        }
    }

    /// @dev Names the lanes of an outbox: destination and class.
    function keyOf(uint256 destination, uint8 assurance) internal pure returns (uint256) {
        return destination << 8 | assurance;
    }

    /// @dev The outbox's lane logs, by {keyOf}.
    function lanes() internal pure returns (mapping(uint256 key => Sent) storage map) {
        bytes32 slot = LANES;
        assembly ("memory-safe") {
            map.slot := slot
        }
    }

    /// @dev The outbox's page heads, by {keyOf} and page, from 1.
    function lanePages() internal pure returns (mapping(uint256 key => mapping(uint256 page => bytes32)) storage map) {
        bytes32 slot = LANE_PAGES;
        assembly ("memory-safe") {
            map.slot := slot
        }
    }

    /// @dev The inbox's receipt logs, by name.
    function receipts() internal pure returns (mapping(bytes32 receiptLog => Received) storage map) {
        bytes32 slot = RECEIPTS;
        assembly ("memory-safe") {
            map.slot := slot
        }
    }

    /// @dev The inbox's page heads, by receipt log and page, from 1.
    function receiptPages()
        internal
        pure
        returns (mapping(bytes32 receiptLog => mapping(uint256 page => bytes32)) storage map)
    {
        bytes32 slot = RECEIPT_PAGES;
        assembly ("memory-safe") {
            map.slot := slot
        }
    }

    /// @dev Appends an entry to a receipt log, and keeps the head after each full page.
    /// @return index The entry's place
    function append(bytes32 receiptLog, bytes32 entry) internal returns (uint64 index) {
        Received storage received = receipts()[receiptLog];
        index = received.count;
        bytes32 head = extend(index == 0 ? receiptLog : received.head, entry);
        uint256 count = index + 1;
        received.head = head;
        received.count = uint40(count); // 2^40 entries cost more gas than a chain has
        if (count % PAGE == 0) receiptPages()[receiptLog][count / PAGE] = head;
    }

    /// @dev Slot in the outbox where a lane's head stands; its second word is the slot after.
    function laneSlot(uint256 destination, uint8 assurance) internal pure returns (bytes32) {
        return _entry(bytes32(keyOf(destination, assurance)), LANES);
    }

    /// @dev Slot in the outbox of a lane's page head, `page` from 1.
    function lanePageSlot(uint256 destination, uint8 assurance, uint256 page) internal pure returns (bytes32) {
        return _entry(bytes32(page), _entry(bytes32(keyOf(destination, assurance)), LANE_PAGES));
    }

    /// @dev Slot in the inbox where a receipt log's head stands; its count is in the slot after.
    function receiptSlot(bytes32 receiptLog) internal pure returns (bytes32) {
        return _entry(receiptLog, RECEIPTS);
    }

    /// @dev Slot in the inbox of a receipt log's page head, `page` from 1.
    function receiptPageSlot(bytes32 receiptLog, uint256 page) internal pure returns (bytes32) {
        return _entry(bytes32(page), _entry(receiptLog, RECEIPT_PAGES));
    }

    /// @dev Slot of `key` in the mapping at `map`, as Solidity lays mappings out.
    function _entry(bytes32 key, bytes32 map) private pure returns (bytes32) {
        return extend(key, map); // the same two-word hash
    }
}
