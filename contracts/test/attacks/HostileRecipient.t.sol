// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Vm} from "forge-std/Vm.sol";

import {IInbox} from "../../src/interfaces/IInbox.sol";
import {IOutbox} from "../../src/interfaces/IOutbox.sol";
import {Message} from "../../src/types/Message.sol";
import {Answer, Furnace, Reenterer} from "../core/Recipients.sol";
import {Wire} from "../core/Wire.sol";
import {World} from "../core/World.sol";

/// @notice Recipients and callers that try to harm the batch they are in.
contract HostileRecipientTest is World {
    uint256 private constant MEGABYTE = 1 << 20;

    function test_aMegabyteOfAnswerIsNotCopied() public {
        _hostile(address(new Answer("", MEGABYTE, false)), 4_000_000);
        assertEq(_statuses(ATTESTED, 0), 2, "its answer is not the selector; its neighbour is served");
    }

    function test_aMegabyteOfReasonIsCut() public {
        vm.recordLogs();
        _hostile(address(new Answer("why", MEGABYTE, true)), 4_000_000);
        assertEq(_statuses(ATTESTED, 0), 2);
    }

    function test_theReasonKeepsItsFirst256Bytes() public {
        Answer answer = new Answer("why", 1_000, true);
        Message memory m = _message(ATTESTED);
        m.recipient = address(answer);
        _send(m, "");
        bytes memory reason = new bytes(256);
        (reason[0], reason[1], reason[2]) = ("w", "h", "y");
        bytes32 id = entriesOf[_laneOf(ATTESTED).log()][0];
        vm.expectEmit(address(away.inbox));
        emit IInbox.Failed(id, 1, reason);
        _deliver(ATTESTED, 0, 1, WEAK);
    }

    function test_aFurnaceBurnsItsOwnGasAlone() public {
        _hostile(address(new Furnace()), 1_000_000);
        assertEq(_statuses(ATTESTED, 0), 2);
    }

    /// @dev Too little gas must not mark a message failed that would succeed with what its sender asked for.
    function testFuzz_tooLittleGasRevertsTheDeliveryAndBurnsNoMessage(uint256 gas_) public {
        Message memory m = _message(ATTESTED);
        m.gasLimit = 1_000_000;
        _send(m, "");
        bytes memory segment = _segmentOf(ATTESTED, 0, 1);
        bytes memory evidence = _evidenceOf(ATTESTED, WEAK);
        bytes32 id = entriesOf[_laneOf(ATTESTED).log()][0];
        gas_ = bound(gas_, 30_000, 1_300_000);
        _on(away);
        (bool success,) =
            address(away.inbox).call{gas: gas_}(abi.encodeCall(IInbox.deliver, (segment, evidence, payee)));
        assertEq(away.inbox.failed(id), 0);
        assertEq(diary.entries(), success ? 1 : 0);
        if (success) assertGt(diary.gasSeen(), 998_500, "all of its limit");
    }

    function test_tooLittleGasSaysHowMuchIsNeeded() public {
        Message memory m = _message(ATTESTED);
        m.gasLimit = 1_000_000;
        _send(m, "");
        bytes memory segment = _segmentOf(ATTESTED, 0, 1);
        bytes memory evidence = _evidenceOf(ATTESTED, WEAK);
        _on(away);
        vm.expectRevert(abi.encodeWithSelector(IInbox.GasTooLow.selector, 0, 1_000_000 + 1_000_000 / 32 + 8_000));
        away.inbox.deliver{gas: 1_000_000}(segment, evidence, payee);
    }

    function test_aRecipientCannotReenterTheInbox() public {
        diary.close(true);
        Wire.Parcel memory failed = _send(ATTESTED);
        Message memory m = _message(ATTESTED);
        m.expiry = uint64(block.timestamp + 1);
        Wire.Parcel memory over = _send(m, "over");
        _deliver(ATTESTED, 0, 1, WEAK); // fails
        diary.close(false);
        vm.warp(m.expiry + 1);
        bytes memory segment = _segmentOf(ATTESTED, 0, 1);
        bytes memory evidence = _evidenceOf(ATTESTED, STRONG);
        bytes32 log = _laneOf(ATTESTED).log();
        bytes[7] memory calls = [
            abi.encodeCall(IInbox.deliver, (segment, evidence, payee)),
            abi.encodeCall(IInbox.retry, (Wire.header(failed.message), failed.payload, 200_000, payee)),
            abi.encodeCall(IInbox.expire, (Wire.header(over.message))),
            abi.encodeCall(IInbox.delivered, (log, 0)),
            abi.encodeCall(IInbox.failed, (keccak256(Wire.header(failed.message)))),
            abi.encodeCall(IInbox.receipts, (_laneOf(ATTESTED).receiptLog())),
            abi.encodeCall(IInbox.receiptPage, (_laneOf(ATTESTED).receiptLog(), 1))
        ];
        for (uint256 i; i < calls.length; ++i) {
            Reenterer recipient = new Reenterer();
            recipient.aim(address(away.inbox), calls[i]);
            m = _message(ATTESTED);
            (m.recipient, m.gasLimit) = (address(recipient), 2_000_000);
            _send(m, "");
            _deliver(ATTESTED, 2 + i, 1, WEAK);
            assertFalse(recipient.success());
            assertEq(
                recipient.answer(),
                abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
            );
        }
        assertEq(diary.entries(), 0);
    }

    function test_aRecipientOfARetryCannotReenterTheInbox() public {
        Reenterer recipient = new Reenterer();
        Message memory m = _message(ATTESTED);
        (m.recipient, m.gasLimit) = (address(recipient), 20_000); // too little: fails at first
        Wire.Parcel memory parcel = _send(m, "");
        bytes memory again = abi.encodeCall(IInbox.retry, (Wire.header(parcel.message), parcel.payload, 20_000, payee));
        recipient.aim(address(away.inbox), again);
        _deliver(ATTESTED, 0, 1, WEAK);
        _on(away);
        away.inbox.retry(Wire.header(parcel.message), parcel.payload, 2_000_000, payee);
        assertEq(_statuses(ATTESTED, 0), 1);
        assertFalse(recipient.success());
        assertEq(
            recipient.answer(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    /// @dev Settle calls nobody: a sender that would fail, reenter or burn has no chance to.
    function test_settleRefundsASenderThatWouldRefuseOrReenter() public {
        Reenterer sender = new Reenterer();
        Message memory m = _message(SETTLED);
        (m.expiry, m.fee) = (uint64(block.timestamp + 5), 5 gwei);
        address before = alice;
        alice = address(sender);
        vm.deal(alice, 5 gwei);
        m = _send(m, "").message;
        alice = before;
        vm.warp(m.expiry + 1);
        _expire(m);
        sender.aim(address(home.outbox), abi.encodeCall(IOutbox.claimFor, (address(sender))));
        vm.recordLogs();
        _settle(SETTLED, 0, 1, STRONG);
        assertEq(sender.answer().length, 0, "nobody called it");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(home.outbox.credit(address(sender)), 5 gwei);
    }

    /// @dev Reserving less than the EVM keeps back would let a relayer starve the recipient and mark it failed. The check bites: at
    /// the gas where it refuses, the bare call would have given the recipient less than its limit.
    function test_withoutTheGasCheckARecipientWouldBeStarved() public {
        uint256 limit = 1_000_000;
        bytes memory call_ = abi.encodeCall(diary.receiveMessage, (0, "", ""));
        BareCall bare = new BareCall();
        bare.call{gas: limit}(address(diary), limit, call_);
        assertLt(diary.gasSeen(), limit - 10_000, "the EVM gave less without a word");
    }

    /// @dev A hostile message first, a plain one after it.
    function _hostile(address recipient, uint32 gasLimit) private {
        Message memory m = _message(ATTESTED);
        (m.recipient, m.gasLimit) = (recipient, gasLimit);
        _send(m, "hostile");
        _send(ATTESTED);
        uint256 before = gasleft();
        _deliver(ATTESTED, 0, 2, WEAK);
        assertLt(before - gasleft(), uint256(gasLimit) + 1_000_000, "its cost is bounded by its gas");
        assertEq(diary.entries(), 1);
    }
}

/// @notice The call of the inbox without its check: the twin that shows what the check is for.
contract BareCall {
    function call(address recipient, uint256 gasLimit, bytes calldata data) external returns (bool success) {
        (success,) = recipient.call{gas: gasLimit}(data);
    }
}
