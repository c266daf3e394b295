// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {CrosschainLinked} from "@openzeppelin/contracts/crosschain/CrosschainLinked.sol";
import {BridgeFungible} from "@openzeppelin/contracts/crosschain/bridges/abstract/BridgeFungible.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";

import {LockBridge} from "../../src/assets/LockBridge.sol";
import {IInbox} from "../../src/interfaces/IInbox.sol";
import {IOutbox} from "../../src/interfaces/IOutbox.sol";
import {IPausable} from "../../src/interfaces/IPausable.sol";
import {ITokenBridge} from "../../src/interfaces/ITokenBridge.sol";
import {EvmAddress} from "../../src/libraries/EvmAddress.sol";
import {Message} from "../../src/types/Message.sol";
import {Bridges, Coin} from "./Bridges.sol";

contract TokenBridgeTest is Bridges {
    function setUp() public {
        _deployBridges(new Coin(), 0);
    }

    // --- how a bridge is made and linked

    function test_constructor_revertsOnBadTerms() public {
        _on(home);
        for (uint256 i; i < 7; ++i) {
            ITokenBridge.Terms memory terms = _terms(home, 0);
            if (i == 0) terms.outbox = IOutbox(address(1));
            if (i == 1) terms.inbox = IInbox(address(0));
            if (i == 2) terms.guard = address(0);
            if (i == 3) terms.assurance = 3;
            if (i == 4) terms.gasLimit = 0;
            if (i == 5) terms.gasLimit = 10_000_001;
            if (i == 6) terms.lifetime = 0;

            vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadTerms.selector, terms));
            new LockBridge(coin, terms, address(this));
        }
    }

    function test_constructor_revertsOnATokenWithoutCode() public {
        _on(home);
        ITokenBridge.Terms memory terms = _terms(home, 0);

        vm.expectRevert(abi.encodeWithSelector(LockBridge.NotAToken.selector, address(0)));
        new LockBridge(IERC20(address(0)), terms, address(this));
        vm.expectRevert(abi.encodeWithSelector(LockBridge.NotAToken.selector, alice));
        new LockBridge(IERC20(alice), terms, address(this));
    }

    function test_constructor_setsThePolicyOfItsClass() public {
        _on(home);
        LockBridge optimistic = new LockBridge(coin, _terms(home, 1), address(this));
        LockBridge settled = new LockBridge(coin, _terms(home, 2), address(this));

        assertEq(home.inbox.policy(address(lock)), 0, "attested is what every lane reaches");
        assertEq(home.inbox.policy(address(optimistic)), (type(uint256).max << 64) & (type(uint256).max >> 64));
        assertEq(home.inbox.policy(address(settled)), (type(uint256).max << 128) & (type(uint256).max >> 64));
    }

    function test_link_revertsTwice() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                CrosschainLinked.LinkAlreadyRegistered.selector, InteroperableAddress.formatEvmV1(uint256(20))
            )
        );
        lock.link(away.id, address(1));
    }

    function test_link_revertsToItsOwnChainToNobodyAndFromStrangers() public {
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadCounterpart.selector, home.id, alice));
        lock.link(home.id, alice);
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadCounterpart.selector, 30, address(0)));
        lock.link(30, address(0));
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadCounterpart.selector, 0, alice));
        lock.link(0, alice);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice));
        vm.prank(alice);
        lock.link(30, alice);
    }

    function test_link_ofAMintBridgeLeadsHomeOnly() public {
        _on(away);

        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadCounterpart.selector, 30, alice));
        mint.link(30, alice);
    }

    function test_getLink_answersAsOpenZeppelins() public view {
        (address gateway, bytes memory counterpart) = lock.getLink(InteroperableAddress.formatEvmV1(uint256(20)));
        (address none, bytes memory nobody) = lock.getLink(InteroperableAddress.formatEvmV1(uint256(21)));

        assertEq(gateway, address(home.outbox));
        assertEq(counterpart, _account(away, address(mint)));
        assertEq(none, address(0));
        assertEq(nobody, "");
    }

    // --- sending

    function test_transfer_refusesMalformedRecipients() public {
        _on(home);
        bytes memory good = _account(away, bob);
        bytes memory long = bytes.concat(good, hex"00");

        vm.expectRevert(abi.encodeWithSelector(EvmAddress.BadAddress.selector, long));
        lock.transfer(long, 1, _soon());
        vm.expectRevert(abi.encodeWithSelector(EvmAddress.BadAddress.selector, abi.encodePacked(bob)));
        lock.transfer(abi.encodePacked(bob), 1, _soon());
        vm.expectRevert(abi.encodeWithSelector(EvmAddress.BadAddress.selector, bytes("")));
        lock.crosschainTransfer("", 1);
    }

    function test_transfer_refusesZeroAndTheCounterpartAsRecipients() public {
        _on(home);
        bytes memory zero = _account(away, address(0));
        bytes memory bridge = _account(away, address(mint));

        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadRecipient.selector, zero));
        lock.transfer(zero, 1, _soon());
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadRecipient.selector, bridge));
        lock.transfer(bridge, 1, _soon());
    }

    function test_transfer_refusesChainsWithoutALinkOrALimit() public {
        _on(home);
        bytes memory nowhere = InteroperableAddress.formatEvmV1(30, bob);
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.NotLinked.selector, 30));
        lock.transfer(nowhere, 1, _soon());

        lock.link(30, alice);
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.LimitUnset.selector, 30));
        lock.transfer(nowhere, 1, _soon());
    }

    function test_transfer_refusesNothingAndTooMuch() public {
        _on(home);
        bytes memory to = _account(away, bob);

        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadAmount.selector, 0));
        lock.transfer(to, 0, _soon());
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadAmount.selector, 1 << 112));
        lock.transfer(to, 1 << 112, _soon());
    }

    function test_transfer_refusesNoExpiryAndOneInThePast() public {
        _on(home);
        _fund(alice, 1);
        bytes memory to = _account(away, bob);
        uint64 past = uint64(vm.getBlockTimestamp()) - 1;
        vm.startPrank(alice);

        vm.expectRevert(ITokenBridge.NoExpiry.selector);
        lock.transfer(to, 1, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IOutbox.BadAttribute.selector, abi.encodeWithSignature("expiry(uint64)", past))
        );
        lock.transfer(to, 1, past);
    }

    function test_transfer_refusesWhatIsNotThere() public {
        _on(home);
        bytes memory to = _account(away, bob);
        coin.mint(alice, 5);
        vm.startPrank(alice);

        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(lock), 0, 5));
        lock.transfer(to, 5, _soon());
        coin.approve(address(lock), 6);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 5, 6));
        lock.transfer(to, 6, _soon());
    }

    function test_transfer_booksMoreThan112BitsNever() public {
        _on(home);
        _fund(alice, type(uint112).max);
        _send(true, alice, bob, type(uint112).max, _soon(), 0);
        _fund(alice, 1);
        bytes memory to = _account(away, bob);

        vm.expectRevert(abi.encodeWithSelector(LockBridge.BooksFull.selector, 1 << 112));
        vm.prank(alice);
        lock.transfer(to, 1, _soon());
    }

    function test_transfer_locksAndSays() public {
        _fund(alice, 5);
        bytes memory to = _account(away, bob);
        Message memory m;
        m.sender = address(lock);
        m.recipient = address(mint);
        m.gasLimit = GAS;
        m.expiry = _soon();
        m.origin = home.id;
        m.destination = away.id;
        m.outbox = address(home.outbox);
        m.inbox = address(away.inbox);
        m.payloadHash = keccak256(abi.encode(_account(home, alice), abi.encodePacked(bob), 5));
        _on(home);

        vm.expectEmit(address(lock));
        emit BridgeFungible.CrosschainFungibleTransferSent(m.id(), alice, to, 5);
        vm.prank(alice);
        lock.transfer(to, 5, m.expiry);

        assertEq(coin.balanceOf(address(lock)), 5);
        assertEq(lock.remote(away.id).locked, 5);
    }

    function test_crosschainTransfer_isTheSameWithoutFeeAndWithTheDefaultLifetime() public {
        _fund(alice, 5);
        bytes memory to = _account(away, bob);
        _on(home);

        vm.prank(alice);
        bytes32 id = lock.crosschainTransfer(to, 5);
        Sent memory sent = _sent(true, alice, bob, 5, uint64(vm.getBlockTimestamp()) + LIFETIME, 0);
        _arrive(true, sent);

        assertEq(id, sent.message.id());
        assertEq(xcoin.balanceOf(bob), 5);
    }

    function test_transfer_namesOnlyWhatDiffersFromTheOutboxesDefaults() public {
        ITokenBridge.Terms memory terms = _terms(home, 2);
        terms.gasLimit = 200_000;
        _on(home);
        LockBridge plain = new LockBridge(coin, terms, address(this));
        plain.link(away.id, address(mint));
        plain.setLimit(away.id, CAPACITY, WINDOW);
        coin.mint(address(this), 1);
        coin.approve(address(plain), 1);

        plain.transfer(_account(away, bob), 1, _soon());

        (,, uint64 next,) = home.outbox.lane(away.id, 2);
        assertEq(next, 1, "it went by the settled lane");
    }

    // --- pause

    function test_pause_stopsSendingAndReceivingUntilTheOwnerResumes() public {
        _fund(alice, 10);
        Sent memory sent = _send(true, alice, bob, 5, _soon(), 0);
        vm.startPrank(guardian);
        home.guard.pauseAsset(lock);
        away.guard.pauseAsset(mint);
        vm.stopPrank();
        bytes memory to = _account(away, bob);

        _on(home);
        vm.expectRevert(ITokenBridge.AssetPaused.selector);
        vm.prank(alice);
        lock.transfer(to, 5, _soon());
        _arrive(true, sent);
        assertEq(xcoin.totalSupply(), 0);

        mint.resume();
        _retry(home, away, sent);
        assertEq(xcoin.balanceOf(bob), 5);
    }

    function test_pause_isTheGuardsAndResumeTheOwners() public {
        vm.expectRevert(abi.encodeWithSelector(IPausable.NotGuard.selector, address(this)));
        lock.pause();
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guardian));
        vm.prank(guardian);
        lock.resume();
    }

    function test_pause_holdsForChainsLinkedLater() public {
        _on(home);
        vm.prank(guardian);
        home.guard.pauseAsset(lock);

        lock.link(30, alice);
        lock.setLimit(30, CAPACITY, WINDOW);

        assertTrue(lock.remote(30).paused);
    }
}
