// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Auditor} from "../src/Auditor.sol";
import {IGuard} from "../src/interfaces/IGuard.sol";
import {IHeads} from "../src/interfaces/IHeads.sol";
import {RoutedHead} from "../src/interfaces/IRoutedHeads.sol";
import {IVerifier} from "../src/interfaces/IVerifier.sol";
import {LogKind} from "../src/types/Lane.sol";
import {RoutedHeads} from "../src/verifiers/RoutedHeads.sol";
import {Wire} from "./core/Wire.sol";
import {World} from "./core/World.sol";

/// @notice Vouches for whatever head it is asked about, at whatever count.
contract Countless is IVerifier {
    function verify(bytes32, bytes32, uint64, bytes calldata) external pure {}
}

/// @notice As {Countless}, and takes four million gas for it.
contract Costly is IVerifier {
    function verify(bytes32, bytes32, uint64, bytes calldata) external view {
        uint256 start = gasleft();
        while (start - gasleft() < 4_000_000) {}
    }
}

/// @notice Settled evidence suspends a verifier that has vouched for another head; nothing else does.
contract AuditorTest is World {
    /// @dev A settled verifier that knows no counts.
    uint8 private constant ROUTED = 129;
    bytes32 private constant LIE = keccak256("a lie");

    Auditor private auditor;
    RoutedHeads private routed;
    bytes32 private lane;

    function setUp() public override {
        super.setUp();
        _on(away);
        auditor = new Auditor(away.guard);
        away.guard.setGuardian(address(auditor), true);
        routed = new RoutedHeads(makeAddr("router"));
        away.heads.register(ROUTED, address(routed), _laneOf(ATTESTED), LogKind.LANE);
        lane = _laneOf(ATTESTED).log();
        for (uint256 i; i < 6; ++i) {
            _send(ATTESTED);
        }
        _on(away);
    }

    // ---------------------------------------------------------------- what is exposed

    function test_expose_suspendsWhoVouchedForAnotherHead() public {
        Auditor.Said memory said = _said(LIE, 3);
        Auditor.Truth memory truth = _truth(2, 6, _routed(6));
        vm.expectEmit(address(auditor));
        emit Auditor.Exposed(lane, WEAK, 3, LIE, headsOf[lane][3]);
        vm.prank(makeAddr("anyone"));
        auditor.expose(lane, said, truth);

        assertEq(away.heads.suspended(), 1 << WEAK);
        assertEq(away.heads.standing(lane), 1 << STRONG | 1 << ROUTED, "settled evidence goes on");
        vm.expectRevert(abi.encodeWithSelector(IHeads.NotStanding.selector, lane, WEAK));
        away.heads.show(lane, LIE, 3, abi.encodePacked(WEAK, said.proof));
    }

    /// @dev A false head that was stored falls with its verifier, and what is settled is still delivered.
    function test_expose_takesTheLieAwayAndSettledEvidenceDelivers() public {
        Auditor.Said memory said = _said(LIE, 3);
        away.heads.show(lane, LIE, 3, abi.encodePacked(WEAK, said.proof));
        auditor.expose(lane, said, _truth(2, 6, _routed(6)));
        vm.expectRevert(abi.encodeWithSelector(IHeads.UnknownHead.selector, lane, LIE));
        away.heads.check(lane, LIE, 3, "");

        _deliver(ATTESTED, 0, 6, STRONG);
        assertEq(_statuses(ATTESTED, 0), 0x3f);
    }

    /// @dev Settled receipts are settled on after it, at the origin too.
    function test_expose_leavesRefundsToSettledEvidence() public {
        _on(home);
        Auditor there = new Auditor(home.guard);
        home.guard.setGuardian(address(there), true);
        _deliver(ATTESTED, 0, 2, WEAK);
        _deliver(ATTESTED, 2, 2, WEAK);
        bytes32 receipts = _laneOf(ATTESTED).receiptLog();
        Auditor.Truth memory truth;
        (truth.first, truth.start) = (0, receipts);
        truth.entries = entriesOf[receipts];
        truth.evidence = _sign(home, STRONG, receipts, headsOf[receipts][2], 2);
        Auditor.Said memory said = Auditor.Said(WEAK, LIE, 1, _proof(_sign(home, WEAK, receipts, LIE, 1)));
        _on(home);
        there.expose(receipts, said, truth);
        assertEq(home.heads.standing(receipts), 1 << STRONG);
        _settle(ATTESTED, 0, 2, STRONG);
    }

    function testFuzz_expose_findsALieAtEveryCount(uint64 count, uint64 first, uint64 last, bytes32 lie) public {
        last = uint64(bound(last, 1, 6));
        first = uint64(bound(first, 0, last - 1));
        count = uint64(bound(count, first, last));
        vm.assume(lie != headsOf[lane][count] && lie != 0);
        auditor.expose(lane, _said(lie, count), _truth(first, last, _routed(last)));
        assertEq(away.heads.suspended(), 1 << WEAK);
    }

    /// @dev As the head of a page does, which a proof by storage is bound to: the piece needs no header.
    function test_expose_believesACountThatTheSettledVerifierKnows() public {
        Auditor.Truth memory truth = _truth(2, 6, _sign(away, STRONG, lane, headsOf[lane][6], 6));
        truth.header = "";
        auditor.expose(lane, _said(LIE, 3), truth);
        assertEq(away.heads.suspended(), 1 << WEAK);
    }

    // ---------------------------------------------------------------- who cannot be

    /// @custom:invariant Nothing suspends a verifier that vouched for the true head.
    function testFuzz_expose_neverSuspendsTheTruthful(uint64 count, uint64 first, uint64 claimed, bool signed) public {
        count = uint64(bound(count, 0, 6));
        first = uint64(bound(first, 0, 5));
        claimed = uint64(bound(claimed, 0, 10));
        Auditor.Said memory said = _said(headsOf[lane][count], count);
        bytes memory evidence = signed ? _sign(away, STRONG, lane, headsOf[lane][6], 6) : _routed(6);
        // The piece is the true one, or is said to stand elsewhere.
        Auditor.Truth memory truth = _truth(first, 6, evidence);
        truth.first = claimed;
        if (signed) truth.header = "";
        _refuses("", said, truth);
        assertEq(away.heads.suspended(), 0);
    }

    /// @dev The attack: the verifier's head is right, but the piece of log is said to begin one message later.
    function test_expose_refusesAPieceMovedAlongTheLog() public {
        Auditor.Truth memory truth = _truth(2, 6, _routed(6));
        truth.first = 3;
        bytes32 id = entriesOf[lane][2];
        _refuses(abi.encodeWithSelector(Auditor.WrongHeader.selector, id, 2), _said(headsOf[lane][4], 4), truth);

        truth.header = ""; // and the routed head says nothing of counts
        _refuses(
            abi.encodeWithSelector(Auditor.CountNotBound.selector, headsOf[lane][6], 7),
            _said(headsOf[lane][4], 4),
            truth
        );

        truth.evidence = ""; // shown before: by whom, and with which count, nobody knows
        away.heads.show(lane, headsOf[lane][6], 7, _routed(6));
        _refuses(
            abi.encodeWithSelector(Auditor.CountNotBound.selector, headsOf[lane][6], 7),
            _said(headsOf[lane][4], 4),
            truth
        );

        truth.first = 0; // not the lane's beginning
        truth.evidence = _routed(6);
        _refuses(
            abi.encodeWithSelector(Auditor.CountNotBound.selector, headsOf[lane][6], 4),
            _said(headsOf[lane][4], 4),
            truth
        );
    }

    /// @dev The attack: a header with another nonce, which no outbox made.
    function test_expose_refusesAHeaderThatIsNotOnTheLog() public {
        Auditor.Truth memory truth = _truth(2, 6, _routed(6));
        truth.header[26] = 0x03; // last byte of the nonce
        truth.first = 3;
        _refuses(
            abi.encodeWithSelector(Auditor.WrongHeader.selector, keccak256(truth.header), 3),
            _said(headsOf[lane][4], 4),
            truth
        );
        truth.header = bytes.concat(truth.header, hex"00");
        _refuses(
            abi.encodeWithSelector(Auditor.WrongHeader.selector, keccak256(truth.header), type(uint64).max),
            _said(headsOf[lane][4], 4),
            truth
        );
        truth = _truth(6, 6, _routed(6));
        truth.header = Wire.header(parcels[ATTESTED][5].message);
        _refuses(abi.encodeWithSelector(Auditor.WrongHeader.selector, keccak256(truth.header), 5), _said(LIE, 6), truth);
    }

    function test_expose_refusesAVerifierThatSaysNothingOfCounts() public {
        uint8 number = 5;
        away.heads.register(number, address(new Countless()), _laneOf(ATTESTED), LogKind.LANE);
        Auditor.Said memory said = Auditor.Said(number, headsOf[lane][4], 3, "");
        _refuses(
            abi.encodeWithSelector(Auditor.CountNotBound.selector, headsOf[lane][4], 3), said, _truth(2, 6, _routed(6))
        );
    }

    function test_expose_refusesWhatTheVerifierNeverSaid() public {
        Auditor.Said memory said = _said(LIE, 3);
        said.head = keccak256("another lie");
        _refuses("", said, _truth(2, 6, _routed(6)));
        said = _said(LIE, 3);
        said.count = 4;
        _refuses("", said, _truth(2, 6, _routed(6)));
    }

    function test_expose_refusesToJudgeSettledEvidence() public {
        Auditor.Said memory said = Auditor.Said(STRONG, LIE, 3, _proof(_sign(away, STRONG, lane, LIE, 3)));
        _refuses(abi.encodeWithSelector(Auditor.NotBelowSettled.selector, STRONG), said, _truth(2, 6, _routed(6)));
    }

    function test_expose_refusesToJudgeByWeakEvidence() public {
        bytes memory evidence = _sign(away, WEAK, lane, headsOf[lane][6], 6);
        _refuses(abi.encodeWithSelector(Auditor.NotSettled.selector, 1 << WEAK), _said(LIE, 3), _truth(2, 6, evidence));
    }

    function test_expose_refusesAPieceOfAnotherLog() public {
        Auditor.Truth memory truth = _truth(2, 6, _routed(6));
        truth.entries[1] = keccak256("another message");
        _refuses("", _said(LIE, 3), truth);
    }

    function test_expose_refusesACountOutsideThePiece() public {
        _refuses(abi.encodeWithSelector(Auditor.OutOfReach.selector, 1, 2, 6), _said(LIE, 1), _truth(2, 6, _routed(6)));
        _refuses(abi.encodeWithSelector(Auditor.OutOfReach.selector, 7, 2, 6), _said(LIE, 7), _truth(2, 6, _routed(6)));
    }

    function test_expose_refusesWhoStandsNoMore() public {
        auditor.expose(lane, _said(LIE, 3), _truth(2, 6, _routed(6)));
        _refuses(
            abi.encodeWithSelector(IHeads.NotStanding.selector, lane, WEAK), _said(LIE, 4), _truth(2, 6, _routed(6))
        );
    }

    function test_expose_isOneGuardianAmongOthers() public {
        away.guard.setGuardian(address(auditor), false);
        _refuses(
            abi.encodeWithSelector(IGuard.NotGuardian.selector, address(auditor)),
            _said(LIE, 3),
            _truth(2, 6, _routed(6))
        );
    }

    /// @dev The attack: so little gas that the verifier's answer at the other count is not heard.
    function testFuzz_expose_isNotFooledByLittleGas(uint256 gas) public {
        uint8 number = 5;
        away.heads.register(number, address(new Countless()), _laneOf(ATTESTED), LogKind.LANE);
        Auditor.Said memory said = Auditor.Said(number, headsOf[lane][4], 3, "");
        bytes memory call = abi.encodeCall(Auditor.expose, (lane, said, _truth(2, 6, _routed(6))));
        (bool done,) = address(auditor).call{gas: bound(gas, 21_000, 300_000)}(call);
        assertFalse(done);
        assertEq(away.heads.suspended(), 0);
    }

    /// @dev The attack: gas for one of a costly verifier's answers, and for all that comes after the second.
    function test_expose_hearsACostlyVerifierTwice() public {
        _on(away);
        uint8 number = 5;
        away.heads.register(number, address(new Costly()), _laneOf(ATTESTED), LogKind.LANE);
        Auditor.Said memory said = Auditor.Said(number, headsOf[lane][4], 3, "");
        bytes memory call = abi.encodeCall(Auditor.expose, (lane, said, _truth(2, 6, _routed(6))));
        (bool done, bytes memory reason) = address(auditor).call{gas: 7_800_000}(call);
        assertFalse(done);
        assertEq(bytes4(reason), Auditor.GasTooLow.selector);
        (done, reason) = address(auditor).call{gas: 20_000_000}(call);
        assertFalse(done);
        assertEq(bytes4(reason), Auditor.CountNotBound.selector);
        assertEq(away.heads.suspended(), 0);
    }

    // ---------------------------------------------------------------- words for the above

    /// @dev Whatever the reason, if none is given.
    function _refuses(bytes memory reason, Auditor.Said memory said, Auditor.Truth memory truth) private {
        if (reason.length == 0) vm.expectRevert();
        else vm.expectRevert(reason);
        auditor.expose(lane, said, truth);
    }

    /// @dev The weak verifier's word.
    function _said(bytes32 head, uint64 count) private returns (Auditor.Said memory) {
        return Auditor.Said(WEAK, head, count, _proof(_sign(away, WEAK, lane, head, count)));
    }

    /// @dev The true piece of the log from `first` to `last`, with the header of its first message.
    function _truth(uint64 first, uint64 last, bytes memory evidence)
        private
        view
        returns (Auditor.Truth memory truth)
    {
        truth.first = first;
        truth.start = headsOf[lane][first];
        truth.entries = new bytes32[](last - first);
        for (uint256 i; i < truth.entries.length; ++i) {
            truth.entries[i] = entriesOf[lane][first + i];
        }
        if (last > first) truth.header = Wire.header(parcels[ATTESTED][first].message);
        truth.evidence = evidence;
    }

    /// @dev A routed head after `count` messages has arrived.
    function _routed(uint64 count) private returns (bytes memory) {
        RoutedHead[] memory sent = new RoutedHead[](1);
        sent[0] = RoutedHead(lane, headsOf[lane][count]);
        vm.prank(routed.router());
        routed.accept(sent);
        return abi.encodePacked(ROUTED);
    }

    /// @dev Evidence without the verifier's number.
    function _proof(bytes memory evidence) private pure returns (bytes memory proof) {
        proof = new bytes(evidence.length - 1);
        for (uint256 i; i < proof.length; ++i) {
            proof[i] = evidence[i + 1];
        }
    }
}
