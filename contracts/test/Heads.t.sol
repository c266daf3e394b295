// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Test} from "forge-std/Test.sol";

import {Heads} from "../src/Heads.sol";
import {IHeads} from "../src/interfaces/IHeads.sol";
import {IVerifier} from "../src/interfaces/IVerifier.sol";
import {Lane, LogKind} from "../src/types/Lane.sol";

/// @notice The smallest verifier: one head of one log is true.
contract OneHead is IVerifier {
    error NotTrue();

    bytes32 private immutable LOG;
    bytes32 private immutable HEAD;

    constructor(bytes32 log, bytes32 head) {
        (LOG, HEAD) = (log, head);
    }

    function verify(bytes32 log, bytes32 head, uint64 count, bytes calldata proof) external view {
        require(log == LOG && head == HEAD && count == 3 && keccak256(proof) == keccak256("proof"), NotTrue());
    }
}

contract HeadsTest is Test {
    bytes32 private constant HEAD = keccak256("head");
    uint256 private constant ALL_SETTLED = uint256(1) << 128;

    address private owner = makeAddr("owner");
    address private guard = makeAddr("guard");
    Heads private heads;
    Lane private lane;
    bytes32 private laneLog;
    bytes32 private receiptLog;
    OneHead private verifier;

    function setUp() public {
        vm.chainId(20);
        heads = new Heads(owner, guard);
        lane = Lane(10, address(0xa), 20, address(0xb), 0);
        laneLog = lane.log();
        receiptLog = Lane(20, address(0xa), 10, address(0xb), 0).receiptLog();
        verifier = new OneHead(laneLog, HEAD);
    }

    function test_register_revertsForAnyoneButTheOwner() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        heads.register(0, address(verifier), lane, LogKind.LANE);
    }

    function test_register_refusesANumberAbove191() public {
        _refused(192, address(verifier), lane, LogKind.LANE, abi.encodeWithSelector(IHeads.NumberTooHigh.selector, 192));
        _register(191, lane, LogKind.LANE);
    }

    function test_register_refusesAVerifierWithoutCode() public {
        _refused(0, address(0), lane, LogKind.LANE, abi.encodeWithSelector(IHeads.NotAContract.selector, address(0)));
        _refused(0, owner, lane, LogKind.LANE, abi.encodeWithSelector(IHeads.NotAContract.selector, owner));
    }

    function test_register_refusesAClassBelowTheLanes() public {
        lane.assurance = 1;
        _refused(63, address(verifier), lane, LogKind.LANE, abi.encodeWithSelector(IHeads.ClassTooLow.selector, 63, 1));
        _register(64, lane, LogKind.LANE);
        lane.assurance = 2;
        _refused(
            127, address(verifier), lane, LogKind.LANE, abi.encodeWithSelector(IHeads.ClassTooLow.selector, 127, 2)
        );
        _register(128, lane, LogKind.LANE);
    }

    function test_register_refusesANumberOfAnotherContract() public {
        _register(0, lane, LogKind.LANE);
        OneHead other = new OneHead(laneLog, HEAD);
        lane.outbox = address(0xc);
        _refused(
            0,
            address(other),
            lane,
            LogKind.LANE,
            abi.encodeWithSelector(IHeads.NumberTaken.selector, 0, address(verifier))
        );
    }

    function test_register_refusesLanesThisChainDoesNotHearOf() public {
        Lane[6] memory wrong = [lane, lane, lane, lane, lane, lane];
        wrong[0].destination = 21;
        (wrong[1].origin, wrong[1].destination) = (20, 20);
        wrong[2].outbox = address(0);
        wrong[3].inbox = address(0);
        wrong[4].assurance = 3;
        (wrong[5].origin, wrong[5].destination) = (20, 10); // this chain's own lane log: it knows better
        for (uint256 i; i < 6; ++i) {
            _refused(
                191,
                address(verifier),
                wrong[i],
                LogKind.LANE,
                abi.encodeWithSelector(IHeads.NotOurLane.selector, wrong[i], LogKind.LANE)
            );
        }
        _refused(
            191,
            address(verifier),
            lane,
            LogKind.RECEIPTS,
            abi.encodeWithSelector(IHeads.NotOurLane.selector, lane, LogKind.RECEIPTS)
        );
    }

    function test_register_letsAVerifierStandForItsLogAlone() public {
        vm.expectEmit(address(heads));
        emit IHeads.Registered(5, address(verifier), laneLog, lane, LogKind.LANE);
        _register(5, lane, LogKind.LANE);
        _register(5, lane, LogKind.LANE); // twice is once
        assertEq(heads.standing(laneLog), 1 << 5);
        assertEq(heads.standing(lane.receiptLog()), 0);
        assertEq(heads.verifierOf(5), address(verifier));
        assertEq(heads.logsOf(5).length, 1);
        assertEq(heads.logsOf(5)[0], laneLog);
    }

    function test_check_refusesAZeroHead() public {
        _register(0, lane, LogKind.LANE);
        vm.expectRevert(abi.encodeWithSelector(IHeads.ZeroHead.selector, laneLog));
        heads.check(laneLog, 0, 3, "");
        vm.expectRevert(abi.encodeWithSelector(IHeads.ZeroHead.selector, laneLog));
        heads.check(laneLog, 0, 3, abi.encodePacked(uint8(0), "proof"));
    }

    function test_check_refusesAVerifierThatDoesNotStand() public {
        vm.expectRevert(abi.encodeWithSelector(IHeads.NotStanding.selector, laneLog, 0));
        heads.check(laneLog, HEAD, 3, abi.encodePacked(uint8(0), "proof"));
        _register(0, lane, LogKind.LANE);
        vm.expectRevert(abi.encodeWithSelector(IHeads.NotStanding.selector, laneLog, 255));
        heads.check(laneLog, HEAD, 3, abi.encodePacked(uint8(255), "proof"));
    }

    function test_check_asksTheVerifierWithLogHeadCountAndProof() public {
        _register(0, lane, LogKind.LANE);
        assertEq(heads.check(laneLog, HEAD, 3, abi.encodePacked(uint8(0), "proof")), 1);
        vm.expectRevert(OneHead.NotTrue.selector);
        heads.check(laneLog, keccak256("other"), 3, abi.encodePacked(uint8(0), "proof"));
        vm.expectRevert(OneHead.NotTrue.selector);
        heads.check(laneLog, HEAD, 4, abi.encodePacked(uint8(0), "proof"));
        vm.expectRevert(OneHead.NotTrue.selector);
        heads.check(laneLog, HEAD, 3, abi.encodePacked(uint8(0), "proof "));
        vm.expectRevert(abi.encodeWithSelector(IHeads.UnknownHead.selector, laneLog, HEAD));
        heads.check(laneLog, HEAD, 3, ""); // nothing was stored
    }

    function test_show_storesWhoShowed() public {
        _register(0, lane, LogKind.LANE);
        _register(130, lane, LogKind.LANE);
        vm.expectEmit(address(heads));
        emit IHeads.Shown(laneLog, HEAD, 3, 1);
        heads.show(laneLog, HEAD, 3, abi.encodePacked(uint8(0), "proof"));
        assertEq(heads.check(laneLog, HEAD, 0, ""), 1);
        heads.show(laneLog, HEAD, 3, abi.encodePacked(uint8(130), "proof"));
        assertEq(heads.check(laneLog, HEAD, 0, ""), 1 | 1 << 130);
        assertEq(heads.shown(laneLog, HEAD), 1 | 1 << 130);
    }

    function test_guard_aloneTakesAway_ownerAloneGivesBack() public {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IHeads.NotGuard.selector, owner));
        heads.halt(laneLog, false);
        vm.expectRevert(abi.encodeWithSelector(IHeads.NotGuard.selector, owner));
        heads.suspend(0);
        vm.startPrank(guard);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guard));
        heads.resume(laneLog);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guard));
        heads.reinstate(0);
    }

    function test_suspend_takesAllHeadsOfTheVerifierWithIt() public {
        _register(0, lane, LogKind.LANE);
        _register(1, lane, LogKind.LANE);
        heads.show(laneLog, HEAD, 3, abi.encodePacked(uint8(0), "proof"));
        vm.prank(guard);
        heads.suspend(0);
        assertEq(heads.standing(laneLog), 2);
        vm.expectRevert(abi.encodeWithSelector(IHeads.UnknownHead.selector, laneLog, HEAD));
        heads.check(laneLog, HEAD, 3, "");
        vm.expectRevert(abi.encodeWithSelector(IHeads.NotStanding.selector, laneLog, 0));
        heads.check(laneLog, HEAD, 3, abi.encodePacked(uint8(0), "proof"));

        vm.prank(owner);
        heads.reinstate(0);
        assertEq(heads.check(laneLog, HEAD, 3, ""), 1);
    }

    function test_suspend_reachesEveryLogOfTheVerifierAndLaterOnes() public {
        _register(0, lane, LogKind.LANE);
        Lane memory second = Lane(30, address(0xa), 20, address(0xb), 0);
        _register(0, second, LogKind.LANE);
        vm.prank(guard);
        heads.suspend(0);
        assertEq(heads.standing(laneLog), 0);
        assertEq(heads.standing(second.log()), 0);
        Lane memory third = Lane(40, address(0xa), 20, address(0xb), 0);
        _register(0, third, LogKind.LANE);
        assertEq(heads.standing(third.log()), 0);
    }

    function test_halt_stopsALane() public {
        _register(0, lane, LogKind.LANE);
        _register(128, lane, LogKind.LANE);
        vm.prank(guard);
        heads.halt(laneLog, false);
        assertEq(heads.standing(laneLog), 0);
        _register(1, lane, LogKind.LANE);
        assertEq(heads.standing(laneLog), 0, "nor does a later one stand");
        vm.prank(owner);
        heads.resume(laneLog);
        assertEq(heads.standing(laneLog), 3 | ALL_SETTLED);
    }

    function test_halt_onlyEverAdds() public {
        _register(0, lane, LogKind.LANE);
        _register(128, lane, LogKind.LANE);
        vm.startPrank(guard);
        heads.halt(laneLog, true);
        assertEq(heads.standing(laneLog), ALL_SETTLED);
        heads.halt(laneLog, false);
        heads.halt(laneLog, true);
        assertEq(heads.standing(laneLog), 0);
    }

    /// @dev A pause never blocks a refund on settled evidence, whatever a guardian asks.
    function test_pauses_neverReachSettledEvidenceOnAReceiptLog() public {
        Lane memory ours = Lane(20, address(0xa), 10, address(0xb), 0);
        _register(0, ours, LogKind.RECEIPTS);
        _register(127, ours, LogKind.RECEIPTS);
        _register(128, ours, LogKind.RECEIPTS);
        vm.startPrank(guard);
        heads.halt(receiptLog, false);
        assertEq(heads.standing(receiptLog), ALL_SETTLED);
        heads.suspend(128);
        assertEq(heads.standing(receiptLog), ALL_SETTLED);
    }

    function test_halt_ofALogNotYetRegisteredHolds() public {
        vm.prank(guard);
        heads.halt(laneLog, false);
        _register(0, lane, LogKind.LANE);
        assertEq(heads.standing(laneLog), 0);
    }

    /// @dev The one rule, on any sequence of registrations and pauses: twin of `_recompute`.
    function testFuzz_standing_isRegisteredAndNotPaused(uint256 seed, uint8 steps) public {
        uint8[4] memory numbers = [0, 64, 128, 191];
        Lane memory ours = Lane(20, address(0xa), 10, address(0xb), 0);
        uint256[2] memory registered;
        uint256[2] memory halted;
        uint256 suspended;
        for (uint256 i; i < bound(steps, 1, 24); ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint8 number = numbers[(seed >> 8) & 3];
            uint256 which = (seed >> 16) & 1;
            bytes32 target = which == 0 ? laneLog : receiptLog;
            uint256 action = (seed >> 24) % 6;
            if (action == 0) {
                _register(number, which == 0 ? lane : ours, which == 0 ? LogKind.LANE : LogKind.RECEIPTS);
                registered[which] |= 1 << number;
            } else if (action == 1 || action == 2) {
                vm.prank(guard);
                heads.halt(target, action == 1);
                halted[which] |= action == 1 ? type(uint128).max : type(uint256).max;
            } else if (action == 3) {
                vm.prank(owner);
                heads.resume(target);
                halted[which] = 0;
            } else if (action == 4) {
                vm.prank(guard);
                heads.suspend(number);
                suspended |= 1 << number;
            } else {
                vm.prank(owner);
                heads.reinstate(number);
                suspended &= ~(1 << number);
            }
        }
        assertEq(heads.standing(laneLog), registered[0] & ~(halted[0] | suspended));
        assertEq(heads.standing(receiptLog), registered[1] & ~((halted[1] | suspended) & type(uint128).max));
    }

    function _register(uint8 number, Lane memory lane_, LogKind kind) private {
        vm.prank(owner);
        heads.register(number, address(verifier), lane_, kind);
    }

    function _refused(uint8 number, address verifier_, Lane memory lane_, LogKind kind, bytes memory reason) private {
        vm.prank(owner);
        vm.expectRevert(reason);
        heads.register(number, verifier_, lane_, kind);
    }
}
