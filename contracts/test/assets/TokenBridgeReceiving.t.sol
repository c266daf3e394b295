// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ERC7786Recipient} from "@openzeppelin/contracts/crosschain/ERC7786Recipient.sol";
import {BridgeFungible} from "@openzeppelin/contracts/crosschain/bridges/abstract/BridgeFungible.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";

import {LockBridge} from "../../src/assets/LockBridge.sol";
import {IInbox} from "../../src/interfaces/IInbox.sol";
import {ITokenBridge} from "../../src/interfaces/ITokenBridge.sol";
import {Message} from "../../src/types/Message.sol";
import {Bridges, Coin} from "./Bridges.sol";

/// @notice What a bridge does with what arrives, and whom it believes.
contract TokenBridgeReceivingTest is Bridges {
    function setUp() public {
        _deployBridges(new Coin(), 0);
    }

    function test_receiveMessage_mintsAndSays() public {
        _fund(alice, 5);
        Sent memory sent = _send(true, alice, bob, 5, _soon(), 0);

        vm.expectEmit(address(mint));
        emit BridgeFungible.CrosschainFungibleTransferReceived(sent.message.id(), _account(home, alice), bob, 5);
        _arrive(true, sent);

        assertEq(xcoin.balanceOf(bob), 5);
        assertEq(xcoin.totalSupply(), 5);
    }

    function test_receiveMessage_releasesAtHome() public {
        _bring(alice, 5);

        _arrive(false, _send(false, alice, bob, 3, _soon(), 0));

        assertEq(coin.balanceOf(bob), 3);
        assertEq(xcoin.totalSupply(), 2);
        assertEq(lock.remote(away.id).locked, 2);
    }

    function test_receiveMessage_revertsForAllButTheInbox() public {
        bytes memory sender = _account(home, address(lock));
        bytes memory payload = abi.encode(_account(home, alice), abi.encodePacked(bob), 5);
        _on(away);

        vm.expectRevert(
            abi.encodeWithSelector(ERC7786Recipient.ERC7786RecipientUnauthorizedGateway.selector, alice, sender)
        );
        vm.prank(alice);
        mint.receiveMessage(bytes32(0), sender, payload);
    }

    function test_receiveMessage_believesOnlyTheCounterpartOfThatChain() public {
        bytes memory payload = abi.encode(_account(home, alice), abi.encodePacked(bob), 5);
        bytes[4] memory senders = [
            _account(home, alice), // another contract there
            InteroperableAddress.formatEvmV1(30, address(lock)), // the right one, on another chain
            _account(home, address(0)),
            InteroperableAddress.formatEvmV1(30, address(0)) // no link: zero is no counterpart
        ];
        _on(away);

        for (uint256 i; i < senders.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ERC7786Recipient.ERC7786RecipientUnauthorizedGateway.selector, address(away.inbox), senders[i]
                )
            );
            vm.prank(address(away.inbox));
            mint.receiveMessage(bytes32(0), senders[i], payload);
        }
    }

    /// @dev Anyone may send a message to a bridge; that it is proven does not make it a transfer.
    function test_receiveMessage_failsForAForgedCounterpartEndToEnd() public {
        bytes memory payload = abi.encode(_account(home, alice), abi.encodePacked(alice), 1000e18);
        bytes[] memory attributes = new bytes[](1);
        attributes[0] = abi.encodeWithSignature("assurance(uint8)", uint8(0));
        bytes memory to = _account(away, address(mint));
        _on(home);
        vm.prank(alice);
        home.outbox.sendMessage(to, payload, attributes);
        Message memory message;
        message.sender = alice;
        message.recipient = address(mint);
        message.gasLimit = 200_000;
        Sent memory sent = _observe(home, away, message, payload);

        _deliver(home, away, sent, WEAK);

        assertEq(xcoin.totalSupply(), 0);
        assertEq(away.inbox.failed(sent.message.id()), 1, "it failed, and will for ever");
    }

    /// @dev The attesters of the weak lane sign a message that nobody sent, in the counterpart's name.
    function test_receiveMessage_isNotReachedByAForgerOnAWeakerLane() public {
        _deployBridges(new Coin(), 2);
        Message memory message;
        message.origin = home.id;
        message.destination = away.id;
        message.outbox = address(home.outbox);
        message.inbox = address(away.inbox);
        message.sender = address(lock);
        message.recipient = address(mint);
        message.gasLimit = GAS;
        bytes memory payload = abi.encode(_account(home, alice), abi.encodePacked(alice), 1000e18);
        message.payloadHash = keccak256(payload);
        bytes32 log = _lane(home, away, 0).log();
        _append(log, message.id());
        bytes memory segment = _segment(Sent(message, payload), log, log);
        bytes memory evidence = _sign(away, WEAK, log, headsOf[log][1], 1);
        _on(away);

        vm.expectRevert(IInbox.NoProgress.selector);
        away.inbox.deliver(segment, evidence, alice);

        assertEq(xcoin.totalSupply(), 0);
    }

    function test_receiveMessage_releasesNoMoreThanIsLockedForThatChain() public {
        _on(home);
        lock.link(30, address(0xbad));
        lock.setLimit(30, CAPACITY, WINDOW);
        _fund(alice, 100);
        _send(true, alice, alice, 100, _soon(), 0);
        bytes memory sender = InteroperableAddress.formatEvmV1(30, address(0xbad));
        bytes memory payload = abi.encode(sender, abi.encodePacked(bob), 1);

        vm.expectRevert(abi.encodeWithSelector(LockBridge.NotLocked.selector, 30, 1, 0));
        vm.prank(address(home.inbox));
        lock.receiveMessage(bytes32(0), sender, payload);
    }

    function test_receiveMessage_refusesRecipientsThatAreNoAccount() public {
        bytes memory sender = _account(home, address(lock));
        bytes memory payload = abi.encode(sender, hex"aabb", 5);
        _on(away);

        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadRecipient.selector, hex"aabb"));
        vm.prank(address(away.inbox));
        mint.receiveMessage(bytes32(0), sender, payload);
    }
}
