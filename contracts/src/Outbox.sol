// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IHeads} from "./interfaces/IHeads.sol";
import {IOutbox} from "./interfaces/IOutbox.sol";
import {Attributes} from "./libraries/Attributes.sol";
import {EvmAddress} from "./libraries/EvmAddress.sol";
import {LaneLog} from "./libraries/LaneLog.sol";
import {MessageCodec} from "./libraries/MessageCodec.sol";
import {ReceiptReader} from "./libraries/ReceiptReader.sol";
import {reaches, SETTLED} from "./types/Assurance.sol";
import {Lane} from "./types/Lane.sol";
import {MAX_PAYLOAD, Message} from "./types/Message.sol";

/// @title Accepts messages to other chains, and settles them when their receipts come back
/// @notice See {IOutbox}.
contract Outbox is IOutbox, Ownable {
    using MessageCodec for bytes;
    using ReceiptReader for ReceiptReader.Segment;

    /// @dev What one {settle} has done so far, and what it knows of the page it is at.
    /// @param place Names the lane: destination << 72 | class << 64
    /// @param sent Messages of the lane
    /// @param page Page of the entry at hand
    /// @param done Its settled nonces, those of this call included
    /// @param onPage Its nonces that were sent
    /// @param topped Its nonces with a top-up
    /// @param payee Who earns `bitmap`
    /// @param bitmap Nonces of the page settled for `payee` and not yet credited
    /// @param amount What they earn
    /// @param paid Credited in this call
    struct Settlement {
        uint256 place;
        uint256 sent;
        uint256 page;
        uint256 done;
        uint256 onPage;
        uint256 topped;
        address payee;
        uint256 bitmap;
        uint256 amount;
        uint256 paid;
    }

    /// @inheritdoc IOutbox
    IHeads public immutable heads;

    mapping(uint256 place => uint256 bitmap) private _settled;
    mapping(uint256 place => uint256 bitmap) private _topped;
    mapping(uint256 place => uint256 amount) private _topUp;
    /// @dev What an expired message gave back, plus one: never zero once it expired.
    mapping(bytes32 id => uint256 amount) private _refunds;
    /// @inheritdoc IOutbox
    mapping(address account => uint256 amount) public credit;

    constructor(address owner_, IHeads heads_) Ownable(owner_) {
        require(block.chainid <= type(uint64).max, UnsupportedChain(block.chainid));
        heads = heads_;
    }

    /// @inheritdoc IOutbox
    function register(uint64 destination, address inbox) external onlyOwner {
        bool good = destination != 0 && destination != block.chainid && inbox != address(0);
        require(good, BadDestination(destination, inbox));
        for (uint8 assurance; assurance <= SETTLED; ++assurance) {
            LaneLog.Sent storage sent = _lane(destination, assurance);
            require(sent.inbox == address(0), AlreadyOpen(destination, sent.inbox));
            sent.inbox = inbox;
            sent.head = Lane(uint64(block.chainid), address(this), destination, inbox, assurance).log();
        }
        emit Opened(destination, inbox);
    }

    /// @inheritdoc IERC7786GatewaySource
    function sendMessage(bytes calldata recipient, bytes calldata payload, bytes[] calldata attributes)
        external
        payable
        returns (bytes32 id)
    {
        require(payload.length <= MAX_PAYLOAD, PayloadTooLong(payload.length, MAX_PAYLOAD));
        Message memory m;
        (m.destination, m.recipient) = EvmAddress.parseCalldata(recipient);
        require(m.recipient != address(0), ZeroRecipient());
        Attributes.read(attributes, m);
        m.origin = uint64(block.chainid);
        m.outbox = address(this);
        m.sender = msg.sender;
        m.fee = uint96(msg.value); // fits: below 2^56 gwei, checked when it is booked
        m.payloadHash = keccak256(payload);
        id = _place(m);

        emit MessageSent(
            id, EvmAddress.format(uint64(block.chainid), msg.sender), recipient, payload, msg.value, attributes
        );
        emit MessagePlaced(_placeOf(m.destination, m.assurance, m.nonce));
    }

    /// @inheritdoc IOutbox
    function addFee(uint64 destination, uint8 assurance, uint64 nonce) external payable {
        LaneLog.Sent storage sent = _lane(destination, assurance);
        require(nonce < sent.nonce, NotSent(destination, assurance, nonce));
        uint256 place = _placeOf(destination, assurance, nonce);
        uint256 pagePlace = _pagePlace(place);
        uint256 bit = 1 << (nonce % LaneLog.PAGE);
        require(_settled[pagePlace] & bit == 0, AlreadySettled(destination, assurance, nonce));
        require(msg.value != 0, BadFee(0));

        sent.escrow = _book(sent.escrow);
        _topped[pagePlace] |= bit;
        _topUp[place] += msg.value;
        emit FeeAdded(place, msg.sender, msg.value);
    }

    /// @inheritdoc IOutbox
    function settle(bytes calldata segment, bytes calldata evidence) external {
        ReceiptReader.Segment memory s = ReceiptReader.open(segment);
        LaneLog.Sent storage lane_ = _lane(s.destination, s.assurance);
        address inbox = lane_.inbox;
        require(inbox != address(0), UnknownDestination(s.destination));

        Settlement memory t;
        t.place = _placeOf(s.destination, s.assurance, 0);
        t.sent = lane_.nonce;
        t.page = type(uint256).max; // at none yet
        for (uint256 i = s.count; i != 0; --i) {
            uint256 kind = s.read(segment);
            if (kind == ReceiptReader.DELIVERED) _settleDelivered(t, s);
            else if (kind == ReceiptReader.EXPIRED) _settleExpired(t, s, lane_);
        }
        _leavePage(t);
        require(s.offset(segment) == segment.length, BadSegment(s.offset(segment)));

        // Nothing above calls out, and all of it is undone unless the head that the entries hash to is true.
        bytes32 log = Lane(uint64(block.chainid), address(this), s.destination, inbox, s.assurance).receiptLog();
        uint256 verifiers = heads.check(log, s.head, uint64(s.first + s.count), evidence);
        require(reaches(verifiers, s.assurance), EvidenceTooWeak(verifiers, s.assurance));

        uint256 held = uint256(lane_.escrow) * 1 gwei;
        require(t.paid <= held, Overdrawn(t.paid, held));
        lane_.escrow = uint56((held - t.paid) / 1 gwei); // rounded down: what is left is never overstated
    }

    /// @inheritdoc IOutbox
    function claim(address to) external {
        _pay(msg.sender, to);
    }

    /// @inheritdoc IOutbox
    function claimFor(address account) external {
        _pay(account, account);
    }

    /// @inheritdoc IOutbox
    function lane(uint64 destination, uint8 assurance)
        external
        view
        returns (bytes32 head, address inbox, uint64 nonce, uint64 escrowGwei)
    {
        LaneLog.Sent storage sent = _lane(destination, assurance);
        return (sent.head, sent.inbox, sent.nonce, sent.escrow);
    }

    /// @inheritdoc IOutbox
    function pageHead(uint64 destination, uint8 assurance, uint256 page) external view returns (bytes32 head) {
        return LaneLog.lanePages()[LaneLog.keyOf(destination, assurance)][page];
    }

    /// @inheritdoc IOutbox
    function settled(uint64 destination, uint8 assurance, uint256 page) external view returns (uint256 bitmap) {
        return _settled[_placeOf(destination, assurance, page * LaneLog.PAGE)];
    }

    /// @inheritdoc IOutbox
    function expired(bytes32 id) external view returns (bool) {
        return _refunds[id] != 0;
    }

    /// @inheritdoc IOutbox
    function refundOf(bytes32 id) external view returns (uint256 amount) {
        amount = _refunds[id];
        if (amount != 0) --amount;
    }

    /// @inheritdoc IOutbox
    function topUp(uint64 destination, uint8 assurance, uint64 nonce) external view returns (uint256 amount) {
        return _topUp[_placeOf(destination, assurance, nonce)];
    }

    /// @inheritdoc IERC7786GatewaySource
    function supportsAttribute(bytes4 selector) external pure returns (bool) {
        return Attributes.isKnown(selector);
    }

    /// @dev Gives the message its place in its lane, and books its fee.
    function _place(Message memory m) private returns (bytes32 id) {
        uint256 key = LaneLog.keyOf(m.destination, m.assurance);
        LaneLog.Sent storage stored = LaneLog.lanes()[key];
        LaneLog.Sent memory sent = stored;
        require(sent.inbox != address(0), UnknownDestination(m.destination));
        require(sent.nonce != type(uint40).max, LaneFull(m.destination, m.assurance));
        m.inbox = sent.inbox;
        m.nonce = sent.nonce;
        id = m.id();

        bytes32 head = LaneLog.extend(sent.head, id);
        uint40 next = sent.nonce + 1;
        stored.head = head;
        stored.nonce = next;
        if (msg.value != 0) stored.escrow = _book(sent.escrow);
        if (next % LaneLog.PAGE == 0) LaneLog.lanePages()[key][next / LaneLog.PAGE] = head;
    }

    /// @dev A lane's escrow with `msg.value` more.
    function _book(uint56 escrow) private view returns (uint56) {
        uint256 sum = escrow + msg.value / 1 gwei;
        require(msg.value % 1 gwei == 0 && sum <= type(uint56).max, BadFee(msg.value));
        return uint56(sum);
    }

    /// @dev Settles the nonces of one delivered entry, unless one of them is settled.
    function _settleDelivered(Settlement memory t, ReceiptReader.Segment memory s) private {
        uint256 page = s.page;
        if (page != t.page) _turnTo(t, page);
        uint256 bitmap = s.bitmap;
        if (bitmap & ~t.onPage != 0) {
            revert NotSent(s.destination, s.assurance, page * LaneLog.PAGE + Math.log2(bitmap));
        }
        if (bitmap & t.done != 0) return;

        address payee = s.payee;
        if (payee != t.payee) {
            _credit(t);
            t.payee = payee;
        }
        t.done |= bitmap;
        t.bitmap |= bitmap;
        // No overflow: fewer than 2^16 entries of 96 bits, and top-ups, which were paid in.
        unchecked {
            uint256 amount = s.fees;
            for (uint256 topped = bitmap & t.topped; topped != 0; topped &= topped - 1) {
                uint256 lowest = topped & (~topped + 1);
                amount += _takeTopUp(t.place | (page * LaneLog.PAGE + Math.log2(lowest)));
            }
            t.amount += amount;
        }
    }

    /// @dev Settles one expired message, unless its nonce is settled.
    function _settleExpired(Settlement memory t, ReceiptReader.Segment memory s, LaneLog.Sent storage lane_) private {
        (bytes memory header, bytes32 id, bytes32 tip) = s.expired();
        uint256 nonce = header.nonceOf();
        uint256 page = nonce / LaneLog.PAGE;
        bytes32 known = page < t.sent / LaneLog.PAGE
            ? LaneLog.lanePages()[LaneLog.keyOf(s.destination, s.assurance)][page + 1]
            : lane_.head;
        // Only this contract extends the log, and only by ids it made itself: an id on it is of a true header.
        require(tip == known, NotOnLog(id));

        if (page != t.page) _turnTo(t, page);
        uint256 bit = 1 << (nonce % LaneLog.PAGE);
        if (t.done & bit != 0) return;
        t.done |= bit;
        uint256 place = t.place | nonce;
        uint256 amount = header.feeOf();
        if (t.topped & bit != 0) amount += _takeTopUp(place);
        address sender = header.senderOf();
        t.paid += amount;
        credit[sender] += amount;
        _refunds[id] = amount + 1;
        emit Refunded(id, place, sender, amount);
    }

    /// @dev Leaves the page at hand for another.
    function _turnTo(Settlement memory t, uint256 page) private {
        _leavePage(t);
        uint256 first = page * LaneLog.PAGE;
        uint256 place = t.place | first;
        t.page = page;
        t.done = _settled[place];
        t.topped = _topped[place];
        if (t.sent >= first + LaneLog.PAGE) t.onPage = type(uint256).max;
        else t.onPage = t.sent > first ? (1 << (t.sent - first)) - 1 : 0;
    }

    /// @dev Writes what the page at hand has become.
    function _leavePage(Settlement memory t) private {
        if (t.page == type(uint256).max) return;
        _credit(t);
        _settled[t.place | t.page * LaneLog.PAGE] = t.done;
    }

    /// @dev Credits the payee for what was settled on the page at hand.
    function _credit(Settlement memory t) private {
        if (t.bitmap == 0) return;
        if (t.amount != 0) credit[t.payee] += t.amount;
        t.paid += t.amount;
        emit Settled(t.place | t.page * LaneLog.PAGE, t.bitmap, t.payee, t.amount);
        t.bitmap = 0;
        t.amount = 0;
    }

    function _takeTopUp(uint256 place) private returns (uint256 amount) {
        amount = _topUp[place];
        delete _topUp[place];
    }

    function _pay(address account, address to) private {
        uint256 amount = credit[account];
        require(amount != 0, NoCredit(account));
        delete credit[account];
        emit Claimed(account, to, amount);
        Address.sendValue(payable(to), amount);
    }

    function _lane(uint64 destination, uint8 assurance) private view returns (LaneLog.Sent storage) {
        return LaneLog.lanes()[LaneLog.keyOf(destination, assurance)];
    }

    /// @dev Names a message: destination << 72 | class << 64 | nonce; with a nonce that begins a page, the page.
    function _placeOf(uint64 destination, uint8 assurance, uint256 nonce) private pure returns (uint256) {
        return LaneLog.keyOf(destination, assurance) << 64 | nonce;
    }

    function _pagePlace(uint256 place) private pure returns (uint256) {
        return place - place % LaneLog.PAGE;
    }
}
