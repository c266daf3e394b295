// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IHeads} from "../src/interfaces/IHeads.sol";
import {IInbox} from "../src/interfaces/IInbox.sol";
import {Message} from "../src/types/Message.sol";
import {Answer, Careful, Diary, SELECTOR} from "./core/Recipients.sol";
import {Wire} from "./core/Wire.sol";
import {World} from "./core/World.sol";

contract InboxTest is World {
    function test_deliver_refusesAHeadNobodyShowed() public {
        _send(ATTESTED);
        bytes32 log = _laneOf(ATTESTED).log();
        _on(away);
        bytes memory segment = _segmentOf(ATTESTED, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IHeads.UnknownHead.selector, log, headsOf[log][1]));
        away.inbox.deliver(segment, "", payee);
    }

    function test_deliver_refusesEvidenceForAnotherCount() public {
        _send(ATTESTED);
        _send(ATTESTED);
        bytes32 log = _laneOf(ATTESTED).log();
        bytes memory evidence = _sign(away, WEAK, log, headsOf[log][2], 3);
        bytes memory segment = _segmentOf(ATTESTED, 0, 2);
        _on(away);
        vm.expectRevert();
        away.inbox.deliver(segment, evidence, payee);
    }

    function test_deliver_refusesASegmentWithoutMessages() public {
        _send(ATTESTED);
        bytes memory segment =
            abi.encodePacked(home.id, home.outbox, ATTESTED, uint40(0), uint16(0), uint16(1), bytes32(0));
        segment = bytes.concat(segment, _laneOf(ATTESTED).log());
        _on(away);
        vm.expectRevert(abi.encodeWithSelector(IInbox.BadSegment.selector, 34));
        away.inbox.deliver(segment, "", payee);
    }

    function test_deliver_callsTheRecipientWithTheMessage() public {
        Wire.Parcel memory parcel = _send(SETTLED);
        _deliver(SETTLED, 0, 1, STRONG);
        assertEq(diary.entries(), 1);
        assertEq(diary.lastId(), keccak256(Wire.header(parcel.message)));
        assertEq(diary.lastSender(), _interoperable(home.id, alice));
        assertEq(diary.lastPayload(), parcel.payload);
        assertEq(_statuses(SETTLED, 0), 1);
    }

    function test_deliver_tellsWhatItDeliveredInOneReceipt() public {
        Message memory m = _message(ATTESTED);
        for (uint256 i; i < 3; ++i) {
            m.fee = uint96((i + 1) * 1 gwei);
            _send(m, "");
        }
        vm.expectEmit(address(away.inbox));
        emit IInbox.Delivered(_laneOf(ATTESTED).log(), 0, 0, 7, payee, 6 gwei);
        _deliver(ATTESTED, 0, 3, WEAK);
    }

    function test_deliver_takesAnyCutOfALane() public {
        for (uint256 i; i < 6; ++i) {
            _send(ATTESTED);
        }
        _deliver(ATTESTED, 3, 2, WEAK); // with a suffix
        assertEq(_statuses(ATTESTED, 0), 0x18);
        _deliver(ATTESTED, 0, 6, WEAK); // around what is done
        assertEq(_statuses(ATTESTED, 0), 0x3f);
        assertEq(receiptsOf[ATTESTED][1].bitmap, 0x27, "the second receipt names only what is new");
        assertEq(diary.entries(), 6);
    }

    function test_deliver_writesOneReceiptForEachPage() public {
        for (uint256 i; i < 259; ++i) {
            _send(ATTESTED);
        }
        _deliver(ATTESTED, 254, 5, WEAK);
        assertEq(_statuses(ATTESTED, 0), uint256(3) << 254);
        assertEq(_statuses(ATTESTED, 1), 7);
        assertEq(receiptsOf[ATTESTED].length, 2);
        assertEq(receiptsOf[ATTESTED][0].page, 0);
        assertEq(receiptsOf[ATTESTED][1].page, 1);
    }

    function test_deliver_needsNoEvidenceOnceTheHeadIsShown() public {
        _send(ATTESTED);
        bytes32 log = _laneOf(ATTESTED).log();
        bytes memory evidence = _evidenceOf(ATTESTED, WEAK);
        bytes memory segment = _segmentOf(ATTESTED, 0, 1);
        _on(away);
        away.heads.show(log, headsOf[log][1], 1, evidence);
        away.inbox.deliver(segment, "", payee);
        assertEq(diary.entries(), 1);
    }

    function test_deliver_revertsWhenThereIsNothingToDo() public {
        _send(ATTESTED);
        _deliver(ATTESTED, 0, 1, WEAK);
        bytes memory segment = _segmentOf(ATTESTED, 0, 1);
        bytes memory evidence = _evidenceOf(ATTESTED, WEAK);
        _on(away);
        vm.expectRevert(IInbox.NoProgress.selector);
        away.inbox.deliver(segment, evidence, payee);
    }

    function test_deliver_skipsAnExpiredMessageWithoutAMark() public {
        Message memory m = _message(ATTESTED);
        m.expiry = uint64(block.timestamp + 10);
        _send(m, "");
        _send(ATTESTED);
        vm.warp(m.expiry + 1);
        _deliver(ATTESTED, 0, 2, WEAK);
        assertEq(_statuses(ATTESTED, 0), 2);
        assertEq(away.inbox.failed(keccak256(Wire.header(parcels[ATTESTED][0].message))), 0);
    }

    function test_deliver_takesAMessageInItsLastSecond() public {
        Message memory m = _message(ATTESTED);
        m.expiry = uint64(block.timestamp + 10);
        _send(m, "");
        vm.warp(m.expiry);
        _deliver(ATTESTED, 0, 1, WEAK);
        assertEq(diary.entries(), 1);
    }

    function test_deliver_keepsOneFailureFromTheOthers() public {
        Diary broken = new Diary();
        broken.close(true);
        Message memory m = _message(ATTESTED);
        _send(m, "before");
        m = _message(ATTESTED);
        m.recipient = address(broken);
        _send(m, "broken");
        _send(ATTESTED);
        bytes32 id = entriesOf[_laneOf(ATTESTED).log()][1];

        vm.expectEmit(address(away.inbox));
        emit IInbox.Failed(id, 1 << WEAK, abi.encodeWithSelector(Diary.NotToday.selector, 0));
        _deliver(ATTESTED, 0, 3, WEAK);
        assertEq(_statuses(ATTESTED, 0), 5);
        assertEq(away.inbox.failed(id), 1 << WEAK);
        assertEq(receiptsOf[ATTESTED][0].bitmap, 5, "only success earns");
    }

    function test_deliver_countsAFailureOnOtherEvidenceAsProgressOnce() public {
        diary.close(true);
        _send(ATTESTED);
        bytes32 id = entriesOf[_laneOf(ATTESTED).log()][0];
        _deliver(ATTESTED, 0, 1, WEAK);
        _deliver(ATTESTED, 0, 1, STRONG);
        assertEq(away.inbox.failed(id), 1 << WEAK | 1 << STRONG);

        bytes memory segment = _segmentOf(ATTESTED, 0, 1);
        bytes memory evidence = _evidenceOf(ATTESTED, WEAK);
        _on(away);
        vm.expectRevert(IInbox.NoProgress.selector);
        away.inbox.deliver(segment, evidence, payee);
    }

    function test_deliver_countsAWrongAnswerAsFailure() public {
        address[5] memory odd = [
            address(new Answer(abi.encode(bytes4(0x12345678)), 32, false)), // another selector
            address(new Answer(abi.encodePacked(SELECTOR), 31, false)), // too short
            address(new Answer(abi.encodePacked(SELECTOR, bytes28(uint224(1))), 32, false)), // not clean
            address(new Answer("", 0, false)), // nothing
            address(4) // the identity precompile has no code, and answers with what it is told
        ];
        for (uint256 i; i < odd.length; ++i) {
            Message memory m = _message(ATTESTED);
            m.recipient = odd[i];
            _send(m, "");
        }
        _deliver(ATTESTED, 0, odd.length, WEAK);
        assertEq(_statuses(ATTESTED, 0), 0);
    }

    function test_deliver_countsARecipientWithoutCodeAsFailureUnlessAllowed() public {
        Message memory m = _message(ATTESTED);
        m.recipient = makeAddr("no code");
        _send(m, "");
        m = _message(ATTESTED);
        (m.recipient, m.flags) = (makeAddr("no code"), 1);
        _send(m, "");
        _deliver(ATTESTED, 0, 2, WEAK);
        assertEq(_statuses(ATTESTED, 0), 2);
    }

    function test_deliver_asksCodeForItsAnswerEvenIfNoneIsAllowed() public {
        Message memory m = _message(ATTESTED);
        (m.recipient, m.flags) = (address(new Answer("", 0, false)), 1);
        _send(m, "");
        _deliver(ATTESTED, 0, 1, WEAK);
        assertEq(_statuses(ATTESTED, 0), 0);
    }

    function test_deliver_givesExactlyTheGasAskedFor() public {
        Message memory m = _message(ATTESTED);
        m.gasLimit = 300_000;
        _send(m, "");
        _deliver(ATTESTED, 0, 1, WEAK);
        assertLt(diary.gasSeen(), 300_000);
        assertGt(diary.gasSeen(), 298_500);
    }

    function test_deliver_clearsThePaddingOfALongerPayloadBefore() public {
        Message memory m = _message(ATTESTED);
        Strict strict = new Strict();
        m.recipient = address(strict);
        _send(m, hex"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
        m = _message(ATTESTED);
        m.recipient = address(strict);
        _send(m, hex"ee");
        m = _message(ATTESTED);
        m.recipient = address(strict);
        _send(m, "");
        _deliver(ATTESTED, 0, 3, WEAK);
        assertEq(_statuses(ATTESTED, 0), 7, "calldata is what Solidity's own encoder makes");
    }

    function test_setPolicy_bindsOnTopOfTheLane() public {
        _on(away);
        Careful careful = new Careful(away.inbox, 1 << STRONG);
        Message memory m = _message(ATTESTED);
        m.recipient = address(careful);
        _send(m, "");
        _send(ATTESTED);
        _deliver(ATTESTED, 0, 2, WEAK);
        assertEq(_statuses(ATTESTED, 0), 2, "skipped");
        _deliver(ATTESTED, 0, 1, STRONG);
        assertEq(_statuses(ATTESTED, 0), 3);
        assertEq(careful.entries(), 1);
    }

    function test_setPolicy_leavesNeighboursInTheBucketAlone() public {
        _on(away);
        new Careful(away.inbox, 1 << STRONG);
        address neighbour = address(uint160(address(diary)) ^ (1 << 100)); // same bucket as the diary
        vm.prank(neighbour);
        away.inbox.setPolicy(1 << STRONG);
        _send(ATTESTED);
        _deliver(ATTESTED, 0, 1, WEAK);
        assertEq(diary.entries(), 1);
    }

    function test_setPolicy_tellsAndCanBeTakenBack() public {
        _on(away);
        vm.startPrank(alice);
        vm.expectEmit(address(away.inbox));
        emit IInbox.PolicySet(alice, 9);
        away.inbox.setPolicy(9);
        assertEq(away.inbox.policy(alice), 9);
        assertEq(away.inbox.policyBuckets(), 1 << (uint160(alice) & 0xff));
        away.inbox.setPolicy(0);
        assertEq(away.inbox.policy(alice), 0);
    }

    /// @dev Chapter 2: others prove these slots.
    function test_receipts_standInTheSlotsThatOthersProve() public {
        Message memory m = _message(SETTLED);
        m.expiry = uint64(block.timestamp + 1);
        m = _send(m, "").message;
        vm.warp(m.expiry + 1);
        for (uint256 i; i < 256; ++i) {
            _expire(m);
        }
        bytes32 log = _laneOf(SETTLED).receiptLog();
        bytes32 slot = keccak256(abi.encode(log, keccak256("xl2.inbox.receipts")));
        assertEq(vm.load(address(away.inbox), slot), headsOf[log][256]);
        assertEq(uint256(vm.load(address(away.inbox), bytes32(uint256(slot) + 1))), 256);
        bytes32 page = keccak256(abi.encode(1, keccak256(abi.encode(log, keccak256("xl2.inbox.receiptPages")))));
        assertEq(vm.load(address(away.inbox), page), headsOf[log][256]);
        assertEq(away.inbox.receiptPage(log, 1), headsOf[log][256]);
    }
}

/// @notice Accepts only calldata that is byte for byte what Solidity encodes.
contract Strict {
    function receiveMessage(bytes32 id, bytes calldata sender, bytes calldata payload)
        external
        payable
        returns (bytes4)
    {
        require(keccak256(msg.data) == keccak256(abi.encodeWithSelector(SELECTOR, id, sender, payload)));
        return SELECTOR;
    }
}
