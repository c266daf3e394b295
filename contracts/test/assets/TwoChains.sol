// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Guard} from "../../src/Guard.sol";
import {Heads} from "../../src/Heads.sol";
import {Inbox} from "../../src/Inbox.sol";
import {Outbox} from "../../src/Outbox.sol";
import {assuranceOf} from "../../src/types/Assurance.sol";
import {Lane, LogKind} from "../../src/types/Lane.sol";
import {Message} from "../../src/types/Message.sol";
import {AttestedHeads} from "../../src/verifiers/AttestedHeads.sol";

/// @notice Two chains in one VM: what is deployed and called between two {_on} belongs to the chain named by the first. Both have
/// the real contracts; heads are signed by 2 of 3 attesters, who stand as verifier 0 and, with other keys, as verifier
/// 128, so that lanes of every class can be walked.
abstract contract TwoChains is Test {
    struct Side {
        uint64 id;
        Guard guard;
        Heads heads;
        Outbox outbox;
        Inbox inbox;
    }

    /// @dev A message as its origin placed it: all that anyone needs to carry it on.
    struct Sent {
        Message message;
        bytes payload;
    }

    uint8 internal constant WEAK = 0;
    uint8 internal constant STRONG = 128;

    address internal timelock = makeAddr("timelock");
    address internal guardian = makeAddr("guardian");
    address internal relayer = makeAddr("relayer");

    Side internal home;
    Side internal away;
    mapping(address heads => mapping(uint8 number => AttestedHeads)) internal attested;
    mapping(uint8 number => uint256[3] keys) private _keys;
    /// @dev What each lane log and receipt log went through, as an observer sees it: heads[n] after n entries, and entries.
    mapping(bytes32 log => bytes32[]) internal headsOf;
    mapping(bytes32 log => bytes32[]) internal entriesOf;

    function _deployBoth() internal {
        vm.warp(1_800_000_000);
        _makeKeys(WEAK);
        _makeKeys(STRONG);
        home = _deploy(10);
        away = _deploy(20);
        _connect(home, away);
        _connect(away, home);
    }

    /// @dev What follows happens on `chain`.
    function _on(Side storage chain) internal {
        vm.chainId(chain.id);
    }

    function _lane(Side storage from, Side storage to, uint8 assurance) internal view returns (Lane memory) {
        return Lane(from.id, address(from.outbox), to.id, address(to.inbox), assurance);
    }

    /// @dev Records the last message of a lane, which the caller has just sent.
    function _observe(Side storage from, Side storage to, Message memory message, bytes memory payload)
        internal
        returns (Sent memory sent)
    {
        (bytes32 head,, uint64 next,) = from.outbox.lane(to.id, message.assurance);
        message.origin = from.id;
        message.destination = to.id;
        message.outbox = address(from.outbox);
        message.inbox = address(to.inbox);
        message.nonce = next - 1;
        message.payloadHash = keccak256(payload);
        sent = Sent(message, payload);
        _append(_lane(from, to, message.assurance).log(), message.id());
        assertEq(headsOf[_lane(from, to, message.assurance).log()][next], head, "the outbox holds another message");
    }

    /// @dev Carries one message to its destination, with signatures of verifier `number`.
    function _deliver(Side storage from, Side storage to, Sent memory sent, uint8 number) internal {
        bytes32 log = _lane(from, to, sent.message.assurance).log();
        bytes memory segment = _segment(sent, headsOf[log][sent.message.nonce], log);
        bytes memory evidence =
            _sign(to, number, log, headsOf[log][headsOf[log].length - 1], uint64(entriesOf[log].length));
        _on(to);
        vm.prank(relayer);
        to.inbox.deliver(segment, evidence, relayer);
        _observeReceipt(from, to, sent);
    }

    /// @dev Calls the recipient of a failed message again.
    function _retry(Side storage from, Side storage to, Sent memory sent) internal {
        _on(to);
        to.inbox.retry(sent.message.encode(), sent.payload, sent.message.gasLimit, relayer);
        _observeReceipt(from, to, sent);
    }

    /// @dev Makes the destination record that the message is over.
    function _expire(Side storage from, Side storage to, Sent memory sent) internal {
        _on(to);
        to.inbox.expire(sent.message.encode());
        _observeReceipt(from, to, sent);
    }

    /// @dev Records the receipt that a call about `sent` may have left.
    function _observeReceipt(Side storage from, Side storage to, Sent memory sent) private {
        bytes32 log = _lane(from, to, sent.message.assurance).receiptLog();
        (bytes32 head, uint64 count) = to.inbox.receipts(log);
        if (count == entriesOf[log].length) return;

        bool delivered = _delivered(from, to, sent);
        uint40 page = uint40(sent.message.nonce / 256);
        uint256 bitmap = 1 << (sent.message.nonce % 256);
        _append(
            log,
            delivered
                ? keccak256(abi.encodePacked(uint8(0x81), page, bitmap, relayer, sent.message.fee))
                : keccak256(abi.encodePacked(uint8(0x82), sent.message.id()))
        );
        assertEq(headsOf[log][count], head, "the inbox holds another receipt");
    }

    function _delivered(Side storage from, Side storage to, Sent memory sent) internal view returns (bool) {
        bytes32 log = _lane(from, to, sent.message.assurance).log();
        uint64 nonce = sent.message.nonce;
        return to.inbox.delivered(log, nonce / 256) & (1 << (nonce % 256)) != 0;
    }

    /// @dev Shows the origin the last receipt, which is `expired(sent)`.
    function _settleExpired(Side storage from, Side storage to, Sent memory sent, uint8 number) internal {
        bytes32 receipts = _lane(from, to, sent.message.assurance).receiptLog();
        bytes32 log = _lane(from, to, sent.message.assurance).log();
        uint256 first = entriesOf[receipts].length - 1;
        bytes memory later;
        uint256 n = entriesOf[log].length - sent.message.nonce - 1;
        for (uint256 i = sent.message.nonce + 1; i < entriesOf[log].length; ++i) {
            later = bytes.concat(later, entriesOf[log][i]);
        }
        bytes memory segment = abi.encodePacked(
            to.id, sent.message.assurance, uint40(first), uint16(1), headsOf[receipts][first], uint8(0x02)
        );
        segment = abi.encodePacked(segment, sent.message.encode(), headsOf[log][sent.message.nonce], uint8(n), later);
        bytes memory evidence = _sign(from, number, receipts, headsOf[receipts][first + 1], uint64(first + 1));
        _on(from);
        vm.prank(relayer);
        from.outbox.settle(segment, evidence);
    }

    /// @dev One message and the ids after it; `start` is the head before it.
    function _segment(Sent memory sent, bytes32 start, bytes32 log) internal view returns (bytes memory segment) {
        Message memory m = sent.message;
        uint256 suffix = entriesOf[log].length > m.nonce ? entriesOf[log].length - m.nonce - 1 : 0;
        segment = abi.encodePacked(m.origin, m.outbox, m.assurance, uint40(m.nonce), uint16(1), uint16(suffix), start);
        segment = abi.encodePacked(segment, uint8(0x0e | m.flags), m.sender, m.recipient, m.gasLimit, m.expiry, m.fee);
        segment = abi.encodePacked(segment, uint16(sent.payload.length), sent.payload);
        for (uint256 i; i < suffix; ++i) {
            segment = bytes.concat(segment, entriesOf[log][m.nonce + 1 + i]);
        }
    }

    /// @dev Evidence that verifier `number` of `chain` accepts.
    function _sign(Side storage chain, uint8 number, bytes32 log, bytes32 head, uint64 count)
        internal
        returns (bytes memory evidence)
    {
        AttestedHeads verifier = attested[address(chain.heads)][number];
        vm.chainId(chain.id);
        bytes32 digest = verifier.digest(log, head, count, 7);
        evidence = abi.encodePacked(number, uint64(7));
        for (uint256 i; i < 3; ++i) {
            evidence = abi.encodePacked(evidence, vm.addr(_keys[number][i]));
        }
        for (uint256 i; i < 2; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[number][i], digest);
            evidence = abi.encodePacked(evidence, uint8(i), r, bytes32(uint256(s) | uint256(v - 27) << 255));
        }
    }

    function _append(bytes32 log, bytes32 entry) internal {
        if (headsOf[log].length == 0) headsOf[log].push(log);
        headsOf[log].push(keccak256(abi.encodePacked(headsOf[log][headsOf[log].length - 1], entry)));
        entriesOf[log].push(entry);
    }

    function _deploy(uint64 id) private returns (Side memory chain) {
        vm.chainId(id);
        chain.id = id;
        chain.guard = new Guard(address(this));
        chain.heads = new Heads(address(this), address(chain.guard));
        chain.outbox = new Outbox(address(this), chain.heads);
        chain.inbox = new Inbox(chain.heads);
        chain.guard.bind(chain.heads);
        chain.guard.setGuardian(guardian, true);
        attested[address(chain.heads)][WEAK] = _attesters(WEAK);
        attested[address(chain.heads)][STRONG] = _attesters(STRONG);
    }

    /// @dev Opens the lanes from `from`, and lets the attesters speak for their logs where each is heard.
    function _connect(Side storage from, Side storage to) private {
        _on(from);
        from.outbox.register(to.id, address(to.inbox));
        for (uint8 assurance; assurance < 3; ++assurance) {
            Lane memory lane = _lane(from, to, assurance);
            _register(from, to, lane, STRONG);
            if (assurance <= assuranceOf(WEAK)) _register(from, to, lane, WEAK);
        }
    }

    function _register(Side storage from, Side storage to, Lane memory lane, uint8 number) private {
        _on(from);
        from.heads.register(number, address(attested[address(from.heads)][number]), lane, LogKind.RECEIPTS);
        _on(to);
        to.heads.register(number, address(attested[address(to.heads)][number]), lane, LogKind.LANE);
    }

    function _makeKeys(uint8 number) private {
        for (uint256 i; i < 3; ++i) {
            _keys[number][i] = uint256(keccak256(abi.encode("attester", number, i)));
        }
        // Signers stand in rising order of their addresses.
        for (uint256 i; i < 3; ++i) {
            for (uint256 j = i + 1; j < 3; ++j) {
                if (vm.addr(_keys[number][j]) < vm.addr(_keys[number][i])) {
                    (_keys[number][i], _keys[number][j]) = (_keys[number][j], _keys[number][i]);
                }
            }
        }
    }

    function _attesters(uint8 number) private returns (AttestedHeads) {
        address[] memory signers = new address[](3);
        for (uint256 i; i < 3; ++i) {
            signers[i] = vm.addr(_keys[number][i]);
        }
        return new AttestedHeads(signers, 2);
    }
}
