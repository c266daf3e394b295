// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IInbox} from "../../interfaces/IInbox.sol";
import {IOutbox} from "../../interfaces/IOutbox.sol";
import {LaneLog} from "../../libraries/LaneLog.sol";
import {LogProof} from "../../libraries/LogProof.sol";
import {LogKind} from "../../types/Lane.sol";

/// @notice System contract of every ZK-Stack chain: what it is told comes out on L1 with the batch, under the name of the
/// caller.
interface IL1Messenger {
    function sendToL1(bytes calldata message) external returns (bytes32 hash);
}

/// @title A ZK-Stack chain tells L1 its heads
/// @notice Batches of a ZK-Stack chain show messages on L1, no state that proofs could be built under; so heads are said
/// there. Anyone may announce: what is said is read from the logs' own contracts in the same transaction, and a log's
/// name holds its contract's address, so a contract can lie about its own logs only. Keeps nothing.
///
/// message = block number u64 ‖ destination u64 ‖ n × (log 32 ‖ head 32)
contract Announcer {
    /// @notice L1 is told that `head` is the value of `log` after `count` entries.
    event Announced(bytes32 indexed log, bytes32 indexed head, uint64 count);

    /// @notice The log stands on another chain than this, or is for another chain than the first.
    error WrongPlace(bytes32 log, uint64 chain, uint64 reader);
    /// @notice There is no log in the call.
    error NothingToAnnounce();
    /// @notice The log has no head yet, or the page is not full.
    error NoHead(bytes32 log, uint64 page);

    IL1Messenger internal constant L1_MESSENGER = IL1Messenger(0x0000000000000000000000000000000000008008);

    /// @dev Where a place has its lane's class, and its kind.
    uint256 private constant ASSURANCE = 56;
    uint256 private constant KIND = 57;

    /// @notice Says heads of logs on this chain to L1.
    /// @param places n × (lane 57 ‖ kind u8 ‖ page u40), n >= 1, all on this chain and for one other
    /// @custom:throws NothingToAnnounce, WrongPlace, NoHead, LogProof.UnknownKind, StateProof.InvalidProof
    function announce(bytes calldata places) external {
        if (places.length == 0) revert NothingToAnnounce();
        bytes memory message;
        uint64 destination;
        while (places.length != 0) {
            bytes calldata packed = places;
            LogProof.Place memory place;
            (place, places) = LogProof.read(packed);
            if (message.length == 0) {
                destination = place.reader;
                message = abi.encodePacked(uint64(block.number), destination);
            }
            if (place.chain != block.chainid || place.reader != destination) {
                revert WrongPlace(place.log, place.chain, place.reader);
            }
            (bytes32 head, uint64 count) = uint8(packed[KIND]) == uint8(LogKind.LANE)
                ? _laneHead(place, uint8(packed[ASSURANCE]))
                : _receiptHead(place);
            if (head == 0) revert NoHead(place.log, place.page);
            message = bytes.concat(message, place.log, head);
            emit Announced(place.log, head, count);
        }
        L1_MESSENGER.sendToL1(message);
    }

    function _laneHead(LogProof.Place memory place, uint8 assurance) private view returns (bytes32 head, uint64 count) {
        IOutbox outbox = IOutbox(place.account);
        if (place.page != 0) {
            return (outbox.pageHead(place.reader, assurance, place.page), uint64(place.page * LaneLog.PAGE));
        }
        (head,, count,) = outbox.lane(place.reader, assurance);
    }

    function _receiptHead(LogProof.Place memory place) private view returns (bytes32 head, uint64 count) {
        IInbox inbox = IInbox(place.account);
        if (place.page != 0) return (inbox.receiptPage(place.log, place.page), uint64(place.page * LaneLog.PAGE));
        return inbox.receipts(place.log);
    }
}
