// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IHeads} from "./interfaces/IHeads.sol";
import {IInbox} from "./interfaces/IInbox.sol";
import {LaneLog} from "./libraries/LaneLog.sol";
import {MessageCodec} from "./libraries/MessageCodec.sol";
import {Receipts} from "./libraries/Receipts.sol";
import {RecipientCall} from "./libraries/RecipientCall.sol";
import {SegmentReader} from "./libraries/SegmentReader.sol";
import {reaches} from "./types/Assurance.sol";
import {Lane} from "./types/Lane.sol";

/// @title Delivers messages that other chains' outboxes accepted
/// @notice See {IInbox}.
contract Inbox is IInbox, ReentrancyGuardTransient {
    using MessageCodec for bytes;
    using RecipientCall for RecipientCall.Buffer;
    using SegmentReader for SegmentReader.Segment;

    /// @dev What all messages of one call share, and what it has done so far on the page it is at.
    /// @param log Lane log
    /// @param verifiers Who vouches
    /// @param buckets `policyBuckets` when the call began
    /// @param page Page of the nonces now being delivered
    /// @param before The page's statuses before this call
    /// @param fresh Nonces of the page that succeeded in this call
    /// @param fees Sum of their fees
    /// @param progress Whether any message succeeded or newly failed
    struct Batch {
        Lane lane;
        bytes32 log;
        uint256 verifiers;
        uint256 buckets;
        address payee;
        uint256 page;
        uint256 before;
        uint256 fresh;
        uint256 fees;
        bool progress;
    }

    /// @inheritdoc IInbox
    IHeads public immutable heads;

    mapping(bytes32 log => mapping(uint256 page => uint256 bitmap)) private _delivered;
    mapping(bytes32 id => uint256 verifiers) private _failed;
    /// @inheritdoc IInbox
    mapping(address recipient => uint256 mask) public policy;
    /// @inheritdoc IInbox
    uint256 public policyBuckets;

    constructor(IHeads heads_) {
        heads = heads_;
    }

    /// @inheritdoc IInbox
    function deliver(bytes calldata segment, bytes calldata evidence, address payee) external nonReentrant {
        (SegmentReader.Segment memory s, Lane memory lane) = SegmentReader.open(segment);
        bytes32[] memory ids = new bytes32[](s.count);
        (bytes32 head, uint256 longest) = s.chain(segment, ids);

        Batch memory b;
        b.lane = lane;
        b.log = lane.log();
        b.verifiers = heads.check(b.log, head, uint64(s.first + s.count + s.suffix), evidence);
        require(reaches(b.verifiers, lane.assurance), EvidenceTooWeak(b.verifiers, lane.assurance));
        b.buckets = policyBuckets;
        b.payee = payee;

        _deliverAll(b, s, ids, RecipientCall.prepare(lane.origin, longest));
        require(b.progress, NoProgress());
    }

    /// @inheritdoc IInbox
    function retry(bytes calldata encoded, bytes calldata payload, uint256 gasLimit, address payee)
        external
        nonReentrant
    {
        (bytes memory header, Batch memory b) = _open(encoded);
        bytes32 id = header.idOf();
        uint64 nonce = header.nonceOf();
        require(keccak256(payload) == header.payloadHashOf(), WrongPayload(header.payloadHashOf(), keccak256(payload)));
        require(gasLimit >= header.gasLimitOf(), LessGasThanSent(gasLimit, header.gasLimitOf()));
        require(!_isOver(header), TimeOver(header.expiryOf()));
        require(b.before & _bit(nonce) == 0, AlreadyDelivered(nonce));

        uint256 vouched = _failed[id];
        require(vouched != 0, NotFailed(id));
        b.verifiers = vouched & heads.standing(b.log);
        require(reaches(b.verifiers, b.lane.assurance), VerifiersFell(id, vouched));
        require(_accepts(header.recipientOf(), b.verifiers), PolicyRefuses(header.recipientOf(), b.verifiers));

        RecipientCall.Buffer memory buffer = RecipientCall.prepare(b.lane.origin, payload.length);
        uint256 position;
        assembly ("memory-safe") {
            position := payload.offset
        }
        buffer.fill(id, header.senderOf(), position, payload.length);
        bool success = _call(buffer, header, gasLimit, payload.length, nonce);
        require(success, NoProgress());

        delete _failed[id];
        b.payee = payee;
        b.fresh = _bit(nonce);
        b.fees = header.feeOf();
        _close(b);
    }

    /// @inheritdoc IInbox
    function expire(bytes calldata encoded) external nonReentrant {
        (bytes memory header, Batch memory b) = _open(encoded);
        uint64 nonce = header.nonceOf();
        require(_isOver(header), NotExpired(header.expiryOf()));
        require(b.before & _bit(nonce) == 0, AlreadyDelivered(nonce));

        bytes32 id = header.idOf();
        uint64 index = LaneLog.append(b.lane.receiptLog(), Receipts.expired(id));
        emit Expired(id, b.log, index);
    }

    /// @inheritdoc IInbox
    function setPolicy(uint256 mask) external {
        policyBuckets |= 1 << (uint160(msg.sender) & 0xff);
        policy[msg.sender] = mask;
        emit PolicySet(msg.sender, mask);
    }

    /// @inheritdoc IInbox
    function delivered(bytes32 log, uint256 page) external view nonReentrantView returns (uint256 bitmap) {
        return _delivered[log][page];
    }

    /// @inheritdoc IInbox
    function failed(bytes32 id) external view nonReentrantView returns (uint256 verifiers) {
        return _failed[id];
    }

    /// @inheritdoc IInbox
    function receipts(bytes32 receiptLog) external view nonReentrantView returns (bytes32 head, uint64 count) {
        LaneLog.Received storage received = LaneLog.receipts()[receiptLog];
        return (received.head, received.count);
    }

    /// @inheritdoc IInbox
    function receiptPage(bytes32 receiptLog, uint256 page) external view nonReentrantView returns (bytes32 head) {
        return LaneLog.receiptPages()[receiptLog][page];
    }

    /// @dev Tries each message alone, page by page.
    function _deliverAll(
        Batch memory b,
        SegmentReader.Segment memory s,
        bytes32[] memory ids,
        RecipientCall.Buffer memory buffer
    ) private {
        s.rewind();
        bytes memory header = s.header;
        b.page = s.nonce / LaneLog.PAGE;
        b.before = _delivered[b.log][b.page];
        for (uint256 i; i < ids.length; ++i) {
            uint256 nonce = s.nonce;
            if (nonce / LaneLog.PAGE != b.page) {
                _close(b);
                b.page = nonce / LaneLog.PAGE;
                b.before = _delivered[b.log][b.page];
            }
            s.read();
            uint256 bit = _bit(nonce);
            // The nonce cannot stand twice in a segment, so `before` tells all: skips leave no mark.
            if (b.before & bit != 0 || _isOver(header) || !_passes(b, header.recipientOf())) continue;

            bytes32 id = ids[i];
            buffer.fill(id, header.senderOf(), s.payload, s.length);
            if (_call(buffer, header, header.gasLimitOf(), s.length, nonce)) {
                b.fresh |= bit;
                b.fees += header.feeOf();
            } else {
                _fail(b, id);
            }
        }
        _close(b);
    }

    /// @dev Calls one recipient, with all of `gasLimit` or not at all.
    function _call(
        RecipientCall.Buffer memory buffer,
        bytes memory header,
        uint256 gasLimit,
        uint256 length,
        uint256 nonce
    ) private returns (bool success) {
        uint256 needed = RecipientCall.gasNeeded(gasLimit);
        require(gasleft() >= needed, GasTooLow(uint64(nonce), needed));
        return buffer.send(header.recipientOf(), gasLimit, length, header.allowsNoCode());
    }

    /// @dev Marks a failure, with who vouched for the message.
    function _fail(Batch memory b, bytes32 id) private {
        bytes memory reason = RecipientCall.reason();
        uint256 known = _failed[id];
        if (known | b.verifiers != known) {
            _failed[id] = known | b.verifiers;
            b.progress = true;
        }
        emit Failed(id, b.verifiers, reason);
    }

    /// @dev Writes the statuses of the page at hand and its receipt, if anything succeeded there.
    function _close(Batch memory b) private {
        if (b.fresh == 0) return;
        _delivered[b.log][b.page] = b.before | b.fresh;
        uint96 fees = SafeCast.toUint96(b.fees);
        uint64 index = LaneLog.append(b.lane.receiptLog(), Receipts.delivered(uint40(b.page), b.fresh, b.payee, fees));
        emit Delivered(b.log, index, uint64(b.page), b.fresh, b.payee, fees);
        b.fresh = 0;
        b.fees = 0;
        b.progress = true;
    }

    /// @dev Reads a header that names this chain and contract as its destination, and the statuses of its page.
    function _open(bytes calldata encoded) private view returns (bytes memory header, Batch memory b) {
        bool valid;
        (valid, header) = MessageCodec.load(encoded);
        b.lane = header.laneOf();
        require(valid && b.lane.destination == block.chainid && b.lane.inbox == address(this), BadHeader());
        b.log = b.lane.log();
        b.page = header.nonceOf() / LaneLog.PAGE;
        b.before = _delivered[b.log][b.page];
    }

    function _isOver(bytes memory header) private view returns (bool) {
        uint256 expiry = header.expiryOf();
        return expiry != 0 && block.timestamp > expiry;
    }

    /// @dev Whether the recipient's policy lets the batch pass. Most have none, and one bit says so.
    function _passes(Batch memory b, address recipient) private view returns (bool) {
        return (b.buckets >> (uint160(recipient) & 0xff)) & 1 == 0 || _accepts(recipient, b.verifiers);
    }

    function _accepts(address recipient, uint256 verifiers) private view returns (bool) {
        uint256 mask = policy[recipient];
        return mask == 0 || mask & verifiers != 0;
    }

    /// @dev The nonce's bit in its page's word.
    function _bit(uint256 nonce) private pure returns (uint256) {
        return 1 << (nonce % LaneLog.PAGE);
    }
}
