// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IOutbox} from "../src/interfaces/IOutbox.sol";
import {EvmAddress} from "../src/libraries/EvmAddress.sol";
import {LaneLog} from "../src/libraries/LaneLog.sol";
import {Message} from "../src/types/Message.sol";
import {Wire} from "./core/Wire.sol";
import {World} from "./core/World.sol";

contract OutboxTest is World {
    bytes[] internal none;

    function test_register_revertsForAnyoneButTheOwner() public {
        _on(home);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice));
        home.outbox.register(30, address(1));
    }

    function test_register_refusesItsOwnChainAndZeroes() public {
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.BadDestination.selector, home.id, address(1)));
        home.outbox.register(home.id, address(1));
        vm.expectRevert(abi.encodeWithSelector(IOutbox.BadDestination.selector, 30, address(0)));
        home.outbox.register(30, address(0));
        vm.expectRevert(abi.encodeWithSelector(IOutbox.BadDestination.selector, 0, address(1)));
        home.outbox.register(0, address(1));
    }

    function test_register_setsTheInboxOnceForGood() public {
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.AlreadyOpen.selector, away.id, address(away.inbox)));
        home.outbox.register(away.id, address(1));
    }

    function test_sendMessage_refusesAnUnknownDestination() public {
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.UnknownDestination.selector, 99));
        home.outbox.sendMessage(_interoperable(99, alice), "", none);
    }

    function test_sendMessage_refusesItsOwnChain() public {
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.UnknownDestination.selector, home.id));
        home.outbox.sendMessage(_interoperable(home.id, alice), "", none);
    }

    function test_sendMessage_refusesAZeroRecipientAndAnotherSpelling() public {
        _on(home);
        vm.expectRevert(IOutbox.ZeroRecipient.selector);
        home.outbox.sendMessage(_interoperable(away.id, address(0)), "", none);

        bytes memory longer = bytes.concat(_interoperable(away.id, alice), hex"00");
        vm.expectRevert(abi.encodeWithSelector(EvmAddress.BadAddress.selector, longer));
        home.outbox.sendMessage(longer, "", none);
    }

    function test_sendMessage_refusesAPayloadThatNoTransactionCarries() public {
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.PayloadTooLong.selector, 65_536, 65_535));
        home.outbox.sendMessage(_interoperable(away.id, alice), new bytes(65_536), none);
        home.outbox.sendMessage(_interoperable(away.id, alice), new bytes(65_535), none);
    }

    function test_sendMessage_refusesAFeeThatIsNotWholeGwei() public {
        _on(home);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.BadFee.selector, 1 gwei + 1));
        home.outbox.sendMessage{value: 1 gwei + 1}(_interoperable(away.id, alice), "", none);
    }

    function test_sendMessage_refusesMoreThanTheLaneCanBook() public {
        uint256 most = uint256(type(uint56).max) * 1 gwei;
        vm.deal(alice, 2 * most);
        Message memory m = _message(SETTLED);
        m.fee = uint96(most);
        _send(m, "");
        assertEq(_escrow(SETTLED), most);

        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.BadFee.selector, 1 gwei));
        home.outbox.sendMessage{value: 1 gwei}(_interoperable(away.id, alice), "", none);
    }

    function test_sendMessage_refusesTheLaneAfterItsLastNonce() public {
        bytes32 slot = bytes32(uint256(LaneLog.laneSlot(away.id, SETTLED)) + 1);
        vm.store(
            address(home.outbox), slot, vm.load(address(home.outbox), slot) | bytes32(uint256(type(uint40).max) << 160)
        );
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.LaneFull.selector, away.id, SETTLED));
        home.outbox.sendMessage(_interoperable(away.id, alice), "", none);
    }

    function test_sendMessage_travelsTheSettledLaneUnlessToldOtherwise() public {
        _send(SETTLED); // names no class
        (,, uint64 settled,) = home.outbox.lane(away.id, SETTLED);
        (,, uint64 attested,) = home.outbox.lane(away.id, ATTESTED);
        assertEq(settled, 1);
        assertEq(attested, 0);
    }

    function test_sendMessage_tellsTheMessageAndItsPlace() public {
        Message memory m = _message(ATTESTED);
        (m.fee, m.expiry, m.gasLimit, m.flags) = (3 gwei, uint64(block.timestamp + 9), 77, 1);
        _send(m, "first");
        m = _message(ATTESTED);
        (m.fee, m.sender, m.nonce, m.payloadHash) = (5 gwei, alice, 1, keccak256("second"));
        (m.origin, m.outbox) = (home.id, address(home.outbox));
        (m.destination, m.inbox) = (away.id, address(away.inbox));

        vm.expectEmit(address(home.outbox));
        emit IERC7786GatewaySource.MessageSent(
            keccak256(Wire.header(m)),
            _interoperable(home.id, alice),
            _interoperable(away.id, address(diary)),
            "second",
            5 gwei,
            _attributes(m)
        );
        vm.expectEmit(address(home.outbox));
        emit IOutbox.MessagePlaced(uint256(away.id) << 72 | uint256(ATTESTED) << 64 | 1);
        _send(m, "second");
        assertEq(_escrow(ATTESTED), 8 gwei);
        assertEq(_escrow(SETTLED), 0);
    }

    function test_sendMessage_chainsEveryIdAndKeepsEachPage() public {
        for (uint256 i; i < 513; ++i) {
            _send(SETTLED);
        }
        bytes32 log = _laneOf(SETTLED).log();
        (bytes32 head, address inbox, uint64 nonce,) = home.outbox.lane(away.id, SETTLED);
        assertEq(head, headsOf[log][513]);
        assertEq(inbox, address(away.inbox));
        assertEq(nonce, 513);
        assertEq(home.outbox.pageHead(away.id, SETTLED, 0), 0);
        assertEq(home.outbox.pageHead(away.id, SETTLED, 1), headsOf[log][256]);
        assertEq(home.outbox.pageHead(away.id, SETTLED, 2), headsOf[log][512]);
        assertEq(home.outbox.pageHead(away.id, SETTLED, 3), 0);
    }

    /// @dev Chapter 2: others prove these slots.
    function test_sendMessage_writesTheSlotsThatOthersProve() public {
        for (uint256 i; i < 256; ++i) {
            _send(ATTESTED);
        }
        bytes32[] memory heads = headsOf[_laneOf(ATTESTED).log()];
        bytes32 key = bytes32(uint256(away.id) << 8 | ATTESTED);
        bytes32 slot = keccak256(abi.encode(key, keccak256("xl2.outbox.lanes")));
        assertEq(vm.load(address(home.outbox), slot), heads[256]);
        assertEq(
            uint256(vm.load(address(home.outbox), bytes32(uint256(slot) + 1))),
            uint256(uint160(address(away.inbox))) | 256 << 160
        );
        bytes32 page = keccak256(abi.encode(1, keccak256(abi.encode(key, keccak256("xl2.outbox.pages")))));
        assertEq(vm.load(address(home.outbox), page), heads[256]);
    }

    function testFuzz_sendMessage_makesTheIdThatTheHeaderSays(
        uint8 class,
        address recipient,
        uint32 gasLimit,
        uint64 expiry,
        uint56 feeGwei,
        bool allowNoCode,
        bytes calldata payload
    ) public {
        vm.assume(recipient != address(0));
        vm.deal(alice, uint256(type(uint56).max) * 1 gwei);
        Message memory m;
        (m.assurance, m.recipient, m.flags) = (uint8(bound(class, 0, 2)), recipient, allowNoCode ? 1 : 0);
        (m.gasLimit, m.fee) = (uint32(bound(gasLimit, 0, 10_000_000)), uint96(feeGwei) * 1 gwei);
        m.expiry = uint64(bound(expiry, block.timestamp + 1, type(uint64).max));
        _send(m, payload); // compares the ids
    }

    function test_addFee_refusesWhatItCannotBook() public {
        _send(SETTLED);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.BadFee.selector, 0));
        home.outbox.addFee(away.id, SETTLED, 0);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.BadFee.selector, 1));
        home.outbox.addFee{value: 1}(away.id, SETTLED, 0);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.NotSent.selector, away.id, SETTLED, 1));
        home.outbox.addFee{value: 1 gwei}(away.id, SETTLED, 1);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.NotSent.selector, away.id, ATTESTED, 0));
        home.outbox.addFee{value: 1 gwei}(away.id, ATTESTED, 0);
    }

    function test_addFee_booksTopUpsOfAnyone() public {
        _send(SETTLED);
        hoax(payee, 7 gwei);
        vm.expectEmit(address(home.outbox));
        emit IOutbox.FeeAdded(uint256(away.id) << 72 | uint256(SETTLED) << 64, payee, 7 gwei);
        home.outbox.addFee{value: 7 gwei}(away.id, SETTLED, 0);
        vm.prank(alice);
        home.outbox.addFee{value: 2 gwei}(away.id, SETTLED, 0);
        assertEq(home.outbox.topUp(away.id, SETTLED, 0), 9 gwei);
        assertEq(_escrow(SETTLED), 9 gwei);
    }

    function test_claim_refusesAnAccountWithoutCredit() public {
        vm.expectRevert(abi.encodeWithSelector(IOutbox.NoCredit.selector, alice));
        vm.prank(alice);
        home.outbox.claim(alice);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.NoCredit.selector, alice));
        home.outbox.claimFor(alice);
    }

    function test_supportsAttribute_knowsItsFour() public view {
        assertTrue(home.outbox.supportsAttribute(bytes4(keccak256("gasLimit(uint32)"))));
        assertTrue(home.outbox.supportsAttribute(bytes4(keccak256("expiry(uint64)"))));
        assertTrue(home.outbox.supportsAttribute(bytes4(keccak256("assurance(uint8)"))));
        assertTrue(home.outbox.supportsAttribute(bytes4(keccak256("allowNoCode()"))));
        assertFalse(home.outbox.supportsAttribute(bytes4(keccak256("requestRelayer()"))));
    }

    function test_attributes_refuseAnUnknownOne() public {
        _refused(
            hex"12345678",
            abi.encodeWithSelector(IERC7786GatewaySource.UnsupportedAttribute.selector, bytes4(0x12345678))
        );
        _refused("", abi.encodeWithSelector(IERC7786GatewaySource.UnsupportedAttribute.selector, bytes4(0)));
    }

    function test_attributes_refuseAWrongLength() public {
        _refused(abi.encodePacked(bytes4(keccak256("gasLimit(uint32)"))));
        _refused(abi.encodePacked(bytes4(keccak256("gasLimit(uint32)")), uint256(1), uint8(0)));
        _refused(abi.encodePacked(bytes4(keccak256("expiry(uint64)")), uint64(block.timestamp + 1)));
        _refused(abi.encodePacked(bytes4(keccak256("allowNoCode()")), uint256(1)));
    }

    function test_attributes_refuseAValueOutOfRange() public {
        _refused(abi.encodeWithSignature("gasLimit(uint32)", 10_000_001));
        _refused(abi.encodeWithSignature("gasLimit(uint32)", uint256(1) << 32));
        _refused(abi.encodeWithSignature("expiry(uint64)", block.timestamp));
        _refused(abi.encodeWithSignature("expiry(uint64)", 0));
        _refused(abi.encodeWithSignature("expiry(uint64)", uint256(1) << 64));
        _refused(abi.encodeWithSignature("assurance(uint8)", 3));
        _refused(abi.encodeWithSignature("assurance(uint8)", 256));
    }

    function test_attributes_refuseOneGivenTwice() public {
        bytes[4] memory each = [
            abi.encodeWithSignature("gasLimit(uint32)", 1),
            abi.encodeWithSignature("expiry(uint64)", block.timestamp + 1),
            abi.encodeWithSignature("assurance(uint8)", 0),
            abi.encodeWithSignature("allowNoCode()")
        ];
        _on(home);
        for (uint256 i; i < 4; ++i) {
            bytes[] memory twice = new bytes[](2);
            (twice[0], twice[1]) = (each[i], each[i]);
            vm.expectRevert(abi.encodeWithSelector(IOutbox.BadAttribute.selector, each[i]));
            home.outbox.sendMessage(_interoperable(away.id, alice), "", twice);
        }
    }

    function _refused(bytes memory attribute) private {
        _refused(attribute, abi.encodeWithSelector(IOutbox.BadAttribute.selector, attribute));
    }

    function _refused(bytes memory attribute, bytes memory reason) private {
        bytes[] memory one = new bytes[](1);
        one[0] = attribute;
        _on(home);
        vm.expectRevert(reason);
        home.outbox.sendMessage(_interoperable(away.id, alice), "", one);
    }
}
