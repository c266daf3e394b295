// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";

import {BridgedToken} from "../../src/assets/BridgedToken.sol";
import {LockBridge} from "../../src/assets/LockBridge.sol";
import {MintBridge} from "../../src/assets/MintBridge.sol";
import {TokenBridge} from "../../src/assets/TokenBridge.sol";
import {ITokenBridge} from "../../src/interfaces/ITokenBridge.sol";
import {Message} from "../../src/types/Message.sol";
import {TwoChains} from "./TwoChains.sol";

contract Coin is ERC20("Coin", "C") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice A coin, locked at home, minted away, over the real contracts of both chains.
abstract contract Bridges is TwoChains {
    uint32 internal constant GAS = 150_000;
    uint64 internal constant LIFETIME = 1 days;
    uint112 internal constant CAPACITY = 1000e18;
    uint32 internal constant WINDOW = 1000;

    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");

    Coin internal coin;
    BridgedToken internal xcoin;
    LockBridge internal lock;
    MintBridge internal mint;

    function _deployBridges(IERC20 token, uint8 assurance) internal {
        _deployBoth();
        coin = Coin(address(token));
        _on(home);
        lock = new LockBridge(token, _terms(home, assurance), address(this));
        _on(away);
        mint = new MintBridge("Coin", "xC", 18, home.id, _terms(away, assurance), address(this));
        xcoin = mint.token();
        mint.link(home.id, address(lock));
        mint.setLimit(home.id, CAPACITY, WINDOW);
        _on(home);
        lock.link(away.id, address(mint));
        lock.setLimit(away.id, CAPACITY, WINDOW);
    }

    function _terms(Side storage chain, uint8 assurance) internal view returns (ITokenBridge.Terms memory) {
        return ITokenBridge.Terms({
            outbox: chain.outbox,
            inbox: chain.inbox,
            guard: address(chain.guard),
            assurance: assurance,
            gasLimit: GAS,
            lifetime: LIFETIME
        });
    }

    /// @dev Gives `who` coins at home and approves them.
    function _fund(address who, uint256 amount) internal {
        coin.mint(who, amount);
        vm.prank(who);
        coin.approve(address(lock), amount);
    }

    function _account(Side storage chain, address who) internal view returns (bytes memory) {
        return InteroperableAddress.formatEvmV1(chain.id, who);
    }

    /// @dev `from` sends coins from home to `to` away, or back.
    function _send(bool outward, address from, address to, uint256 amount, uint64 expiry, uint256 fee)
        internal
        returns (Sent memory)
    {
        Side storage here = outward ? home : away;
        Side storage there = outward ? away : home;
        TokenBridge bridge = outward ? TokenBridge(lock) : TokenBridge(mint);
        bytes memory recipient = _account(there, to);
        _on(here);
        vm.deal(from, fee);
        vm.prank(from);
        bytes32 id = bridge.transfer{value: fee}(recipient, amount, expiry);
        Sent memory sent = _sent(outward, from, to, amount, expiry, fee);
        assertEq(sent.message.id(), id);
        return sent;
    }

    /// @dev What the bridge has just sent.
    function _sent(bool outward, address from, address to, uint256 amount, uint64 expiry, uint256 fee)
        internal
        returns (Sent memory)
    {
        Message memory message;
        message.assurance = lock.assurance();
        message.sender = outward ? address(lock) : address(mint);
        message.recipient = outward ? address(mint) : address(lock);
        message.gasLimit = GAS;
        message.expiry = expiry;
        message.fee = uint96(fee);
        bytes memory payload = abi.encode(_account(outward ? home : away, from), abi.encodePacked(to), amount);
        return outward ? _observe(home, away, message, payload) : _observe(away, home, message, payload);
    }

    function _arrive(bool outward, Sent memory sent) internal {
        uint8 number = lock.assurance() == 0 ? WEAK : STRONG;
        if (outward) _deliver(home, away, sent, number);
        else _deliver(away, home, sent, number);
    }

    /// @dev Lets the transfer expire, and its origin know.
    function _lapse(bool outward, Sent memory sent) internal {
        uint8 number = lock.assurance() == 0 ? WEAK : STRONG;
        if (vm.getBlockTimestamp() <= sent.message.expiry) vm.warp(sent.message.expiry + 1);
        if (outward) {
            _expire(home, away, sent);
            _settleExpired(home, away, sent, number);
        } else {
            _expire(away, home, sent);
            _settleExpired(away, home, sent, number);
        }
    }

    function _refund(bool outward, Sent memory sent) internal {
        _on(outward ? home : away);
        (outward ? TokenBridge(lock) : TokenBridge(mint)).refund(sent.message.encode(), sent.payload);
    }

    /// @dev Sends and delivers, so that `to` holds `amount` away.
    function _bring(address to, uint256 amount) internal {
        _fund(to, amount);
        _arrive(true, _send(true, to, to, amount, _soon(), 0));
    }

    function _soon() internal view returns (uint64) {
        return uint64(vm.getBlockTimestamp()) + 1 hours;
    }
}
