// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Test} from "forge-std/Test.sol";

import {Guard} from "../src/Guard.sol";
import {Heads} from "../src/Heads.sol";
import {IGuard} from "../src/interfaces/IGuard.sol";
import {IHeads} from "../src/interfaces/IHeads.sol";
import {IPausable} from "../src/interfaces/IPausable.sol";
import {Lane, LogKind} from "../src/types/Lane.sol";

contract GuardTest is Test {
    address private owner = makeAddr("timelock");
    address private guardian = makeAddr("guardian");
    address private verifier = address(this); // any code will do: nobody asks it here

    Guard private guard;
    Heads private heads;
    Lane private inward;
    Lane private outward;

    function setUp() public {
        vm.chainId(10);
        guard = new Guard(owner);
        heads = new Heads(owner, address(guard));
        inward = Lane({origin: 20, outbox: address(1), destination: 10, inbox: address(2), assurance: 0});
        outward = Lane({origin: 10, outbox: address(3), destination: 20, inbox: address(4), assurance: 0});

        vm.startPrank(owner);
        heads.register(0, verifier, inward, LogKind.LANE);
        heads.register(128, verifier, inward, LogKind.LANE);
        heads.register(0, verifier, outward, LogKind.RECEIPTS);
        heads.register(128, verifier, outward, LogKind.RECEIPTS);
        guard.bind(heads);
        guard.setGuardian(guardian, true);
        vm.stopPrank();
    }

    function test_bind_revertsForStrangersTwiceAndWithoutCode() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        guard.bind(heads);

        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IGuard.AlreadyBound.selector, address(heads)));
        guard.bind(heads);

        Guard fresh = new Guard(owner);
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotAContract.selector, address(9)));
        fresh.bind(IHeads(address(9)));
    }

    function test_pause_revertsForAllButGuardians() public {
        bytes memory refusal = abi.encodeWithSelector(IGuard.NotGuardian.selector, owner);
        vm.startPrank(owner);

        vm.expectRevert(refusal);
        guard.pauseLane(inward);
        vm.expectRevert(refusal);
        guard.pauseVerifier(0);
        vm.expectRevert(refusal);
        guard.pauseAsset(IPausable(address(this)));
    }

    function test_pause_revertsForAFormerGuardian() public {
        vm.prank(owner);
        guard.setGuardian(guardian, false);

        vm.expectRevert(abi.encodeWithSelector(IGuard.NotGuardian.selector, guardian));
        vm.prank(guardian);
        guard.pauseVerifier(0);
    }

    function test_pause_revertsBeforeBind() public {
        Guard fresh = new Guard(address(this));
        fresh.setGuardian(address(this), true);

        vm.expectRevert(IGuard.NotBound.selector);
        fresh.pauseLane(inward);
        vm.expectRevert(IGuard.NotBound.selector);
        fresh.pauseVerifier(0);
    }

    function test_pauseLane_revertsForALaneOfOthers() public {
        Lane memory foreign = Lane(30, address(1), 40, address(2), 0);

        vm.expectRevert(abi.encodeWithSelector(IGuard.ForeignLane.selector, foreign));
        vm.prank(guardian);
        guard.pauseLane(foreign);
    }

    function test_pauseLane_leavesNothingStandingWhereItArrives() public {
        vm.prank(guardian);
        guard.pauseLane(inward);

        assertEq(heads.standing(inward.log()), 0);
        assertEq(heads.standing(outward.receiptLog()), 1 | (1 << 128), "the other lane goes on");
    }

    function test_pauseLane_leavesSettledEvidenceForItsReceipts() public {
        vm.prank(guardian);
        guard.pauseLane(outward);

        assertEq(heads.standing(outward.receiptLog()), 1 << 128);
        assertEq(heads.standing(inward.log()), 1 | (1 << 128), "the other lane goes on");
    }

    function test_pauseVerifier_stopsItOnEveryLog() public {
        vm.prank(guardian);
        guard.pauseVerifier(0);

        assertEq(heads.standing(inward.log()), 1 << 128);
        assertEq(heads.standing(outward.receiptLog()), 1 << 128);
    }

    function test_resume_isTheOwnersAlone() public {
        vm.prank(guardian);
        guard.pauseLane(inward);

        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guardian));
        vm.prank(guardian);
        heads.resume(inward.log());
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(guard)));
        vm.prank(address(guard));
        heads.resume(inward.log());

        vm.prank(owner);
        heads.resume(inward.log());
        assertEq(heads.standing(inward.log()), 1 | (1 << 128));
    }

    function test_pause_saysWhoDidIt() public {
        vm.startPrank(guardian);

        vm.expectEmit(address(guard));
        emit IGuard.LanePaused(outward.receiptLog(), guardian);
        guard.pauseLane(outward);
        vm.expectEmit(address(guard));
        emit IGuard.VerifierPaused(128, guardian);
        guard.pauseVerifier(128);
    }
}
