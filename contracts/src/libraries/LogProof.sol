// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Lane, LogKind} from "../types/Lane.sol";
import {LaneLog} from "./LaneLog.sol";
import {Packed} from "./Packed.sol";
import {StateProof} from "./StateProof.sol";

/// @title Where the head of a log stands
/// @notice In: log = lane 57 ‖ kind u8 ‖ page u40 (chapter 7 of the protocol). Out: the chain, contract and slot that
/// hold the head, and the log's name. Promise: all four follow from these bytes, so a neighbour's slot cannot be
/// named; whoever believes a proof compares `log` with the log asked about.
library LogProof {
    /// @notice A head of a log, by its place.
    /// @param chain Where the log stands: the lane's origin, or its destination for receipts
    /// @param reader Chain at the other end, which wants to know
    /// @param account The outbox, or the inbox for receipts
    /// @param slot Slot of the head in it
    /// @param log Name of the log
    /// @param page Page whose closing head it is; 0 for the current head
    struct Place {
        uint64 chain;
        uint64 reader;
        address account;
        bytes32 slot;
        bytes32 log;
        uint64 page;
    }

    /// @notice There are the kinds 0 (lane log) and 1 (receipt log).
    error UnknownKind(uint8 kind);

    /// @dev lane 57 ‖ kind u8 ‖ page u40
    uint256 internal constant SIZE = 63;

    /// @notice Reads a place from the front of `data`.
    /// @custom:throws UnknownKind, StateProof.InvalidProof
    function read(bytes calldata data) internal pure returns (Place memory place, bytes calldata rest) {
        bytes calldata packed;
        (packed, rest) = Packed.take(data, SIZE);
        Lane memory lane = Lane({
            origin: uint64(bytes8(packed)),
            outbox: address(bytes20(packed[8:])),
            destination: uint64(bytes8(packed[28:])),
            inbox: address(bytes20(packed[36:])),
            assurance: uint8(packed[56])
        });
        uint8 kind = uint8(packed[57]);
        place.page = uint40(bytes5(packed[58:]));
        if (kind == uint8(LogKind.LANE)) {
            (place.chain, place.reader, place.account) = (lane.origin, lane.destination, lane.outbox);
            place.log = lane.log();
            place.slot = place.page == 0
                ? LaneLog.laneSlot(lane.destination, lane.assurance)
                : LaneLog.lanePageSlot(lane.destination, lane.assurance, place.page);
        } else if (kind == uint8(LogKind.RECEIPTS)) {
            (place.chain, place.reader, place.account) = (lane.destination, lane.origin, lane.inbox);
            place.log = lane.receiptLog();
            place.slot =
                place.page == 0 ? LaneLog.receiptSlot(place.log) : LaneLog.receiptPageSlot(place.log, place.page);
        } else {
            revert UnknownKind(kind);
        }
    }

    /// @notice The head at `place`, proven under the storage root of its account; never zero.
    /// @custom:throws StateProof.InvalidProof
    function head(Place memory place, bytes32 storageRoot, bytes calldata proof)
        internal
        pure
        returns (bytes32 value, bytes calldata rest)
    {
        return StateProof.slot(storageRoot, place.slot, proof);
    }
}
