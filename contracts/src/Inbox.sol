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
    /// @param receiptLog Receipt log of the same lane
    /// @param verifiers Who vouches
    /// @param buckets `policyBuckets` when the call began
    /// @param page Page of the nonces now being delivered
    /// @param before The page's statuses before this call
    /// @param fresh Nonces of the page that succeeded in this call
    /// @param fees Sum of their fees
    /// @param progress Whether any message succeeded or newly failed
    struct Batch {
        bytes32 log;
        bytes32 receiptLog;
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
        SegmentReader.Segment memory s = SegmentReader.open(segment);
        (bytes32[] memory ids, bytes32 head, uint256 longest) = s.chain(segment);

        Batch memory b;
        b.log = s.lane.log();
        b.receiptLog = s.lane.receiptLog();
        b.verifiers = heads.check(b.log, head, s.end(), evidence);
        uint8 assurance = s.lane.assurance;
        if (!reaches(b.verifiers, assurance)) revert EvidenceTooWeak(b.verifiers, assurance);
        b.buckets = policyBuckets;
        b.payee = payee;

        _deliverAll(b, s, ids, RecipientCall.prepare(s.lane.origin, longest));
        if (!b.progress) revert NoProgress();
    }

    /// @inheritdoc IInbox
    function retry(bytes calldata encoded, bytes calldata payload, uint256 gasLimit, address payee)
        external
        nonReentrant
    {
        (bytes memory header, Lane memory lane, Batch memory b, uint256 bit) = _open(encoded);
        bytes32 id = header.idOf();
        _requireRetriable(lane, header, id, gasLimit);
        require(keccak256(payload) == header.payloadHashOf(), WrongPayload(header.payloadHashOf(), keccak256(payload)));

        uint256 position;
        assembly ("memory-safe") {
            position := payload.offset
        }
        RecipientCall.Buffer memory buffer = RecipientCall.prepare(lane.origin, payload.length);
        require(buffer.attempt(header, id, position, payload.length, gasLimit), NoProgress());

        delete _failed[id];
        b.payee = payee;
        b.fresh = bit;
        b.fees = header.feeOf();
        _close(b);
    }

    /// @inheritdoc IInbox
    function expire(bytes calldata encoded) external nonReentrant {
        (bytes memory header,, Batch memory b,) = _open(encoded);
        (,, uint256 expiry) = header.termsOf();
        require(_isOver(expiry), NotExpired(uint64(expiry)));

        bytes32 id = header.idOf();
        uint64 index = LaneLog.append(b.receiptLog, Receipts.expired(id));
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
        bytes memory header = s.header;
        uint256 word = s.word;
        uint256 position = s.body;
        uint256 nonce = s.first;
        b.page = type(uint256).max; // at none yet
        // No overflow: `chain` has walked the same bytes.
        unchecked {
            for (uint256 i; i < ids.length; ++i) {
                (, uint256 payload, uint256 length) = SegmentReader.read(header, word, position);
                if (nonce >> 8 != b.page) _turnTo(b, nonce >> 8);
                bytes32 id;
                assembly ("memory-safe") {
                    id := mload(add(add(ids, 0x20), shl(5, i))) // i < ids.length
                }
                _deliver(b, header, id, payload, length, buffer, 1 << (nonce & 0xff));
                position = payload + length;
                word += SegmentReader.NEXT_NONCE;
                ++nonce;
            }
        }
        _close(b);
    }

    /// @dev Tries the message in `header`, whose nonce is `bit` of the page at hand. A skip leaves no mark.
    function _deliver(
        Batch memory b,
        bytes memory header,
        bytes32 id,
        uint256 payload,
        uint256 length,
        RecipientCall.Buffer memory buffer,
        uint256 bit
    ) private {
        (address recipient, uint256 gasLimit, uint256 expiry) = header.termsOf();
        if (b.before & bit != 0 || _isOver(expiry)) return; // a nonce stands once in a segment, so `before` tells all
        // Most recipients have no policy, and one bit says so.
        if ((b.buckets >> (uint160(recipient) & 0xff)) & 1 != 0 && !_accepts(recipient, b.verifiers)) return;

        if (buffer.attempt(header, id, payload, length, gasLimit)) {
            b.fresh |= bit;
            unchecked {
                b.fees += header.feeOf(); // at most 256 of 96 bits
            }
        } else {
            _fail(b, id);
        }
    }

    /// @dev Closes the page at hand and goes to another.
    function _turnTo(Batch memory b, uint256 page) private {
        _close(b);
        b.page = page;
        b.before = _delivered[b.log][page];
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
        uint96 fees = SafeCast.toUint96(b.fees); // true headers sum to less, see {IOutbox.BadFee}
        uint64 index = LaneLog.append(b.receiptLog, Receipts.delivered(uint40(b.page), b.fresh, b.payee, fees));
        emit Delivered(b.log, index, uint64(b.page), b.fresh, b.payee, fees);
        b.fresh = 0;
        b.fees = 0;
        b.progress = true;
    }

    /// @dev Reads a header that names this chain and contract as its destination, and goes to its page.
    /// `bit` is its nonce there, which is not delivered.
    function _open(bytes calldata encoded)
        private
        view
        returns (bytes memory header, Lane memory lane, Batch memory b, uint256 bit)
    {
        bool valid;
        (valid, header) = MessageCodec.load(encoded);
        lane = header.laneOf();
        require(valid && lane.destination == block.chainid && lane.inbox == address(this), BadHeader());
        b.log = lane.log();
        b.receiptLog = lane.receiptLog();
        uint64 nonce = header.nonceOf();
        b.page = nonce >> 8;
        b.before = _delivered[b.log][b.page];
        bit = 1 << (nonce & 0xff);
        require(b.before & bit == 0, AlreadyDelivered(nonce));
    }

    /// @dev A retry keeps to the sender's terms, and rests on a verifier that vouched and still stands.
    function _requireRetriable(Lane memory lane, bytes memory header, bytes32 id, uint256 gasLimit) private view {
        (address recipient, uint256 asked, uint256 expiry) = header.termsOf();
        require(gasLimit >= asked, LessGasThanSent(gasLimit, uint32(asked)));
        require(!_isOver(expiry), TimeOver(uint64(expiry)));
        uint256 vouched = _failed[id];
        require(vouched != 0, NotFailed(id));
        uint256 verifiers = vouched & heads.standing(lane.log());
        require(reaches(verifiers, lane.assurance), VerifiersFell(id, vouched));
        require(_accepts(recipient, verifiers), PolicyRefuses(recipient, verifiers));
    }

    /// @dev Whether a message's time is over; 0 is never.
    function _isOver(uint256 expiry) private view returns (bool) {
        return expiry != 0 && block.timestamp > expiry;
    }

    function _accepts(address recipient, uint256 verifiers) private view returns (bool) {
        uint256 mask = policy[recipient];
        return mask == 0 || mask & verifiers != 0;
    }
}
