// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {LockBridge} from "../../src/assets/LockBridge.sol";
import {TokenBridge} from "../../src/assets/TokenBridge.sol";
import {Bridges} from "./Bridges.sol";

abstract contract MintableCoin is ERC20("Coin", "C") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @dev Takes 1 % of each transfer: from what arrives, or on top from the sender.
contract FeeCoin is MintableCoin {
    bool public on;
    bool public onTop;

    function setFee(bool on_, bool onTop_) external {
        on = on_;
        onTop = onTop_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = on && from != address(0) && to != address(0) ? amount / 100 : 0;
        super._update(from, to, onTop ? amount : amount - fee);
        if (fee != 0) super._update(from, address(0xfee), fee);
    }
}

/// @dev Says no by `false`, as some old tokens do.
contract FalseCoin is MintableCoin {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @dev Says yes and moves nothing.
contract IdleCoin is MintableCoin {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return true;
    }
}

/// @dev Returns nothing, as USDT does.
contract SilentCoin is MintableCoin {
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        super.transferFrom(from, to, amount);
        assembly {
            return(0, 0)
        }
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        assembly {
            return(0, 0)
        }
    }
}

/// @dev Calls a hook before each transfer, as ERC-777 does.
contract HookCoin is MintableCoin {
    address public target;
    bytes public data;
    bool public ok;
    bytes public answer;

    function hook(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (target != address(0)) (ok, answer) = target.call(data);
        super._update(from, to, amount);
    }
}

/// @dev Can shut an account out.
contract ListCoin is MintableCoin {
    mapping(address => bool) public barred;

    function bar(address account, bool value) external {
        barred[account] = value;
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!barred[to], "barred");
        super._update(from, to, amount);
    }
}

contract OddTokensTest is Bridges {
    bytes private to;

    function _prepare(MintableCoin token) private {
        _deployBridges(token, 0);
        _fund(alice, 1000);
        to = _account(away, bob);
        _on(home);
    }

    function test_transfer_refusesAFeeOnTransfer() public {
        FeeCoin token = new FeeCoin();
        _prepare(token);
        token.setFee(true, false);

        vm.expectRevert(abi.encodeWithSelector(LockBridge.WrongDelta.selector, 1000, 990));
        vm.prank(alice);
        lock.transfer(to, 1000, _soon());
    }

    /// @dev The fee came later, on top of each transfer: the bridge would pay it from what backs others.
    function test_release_refusesToPayAFeeOnTop() public {
        FeeCoin token = new FeeCoin();
        _prepare(token);
        _arrive(true, _send(true, alice, alice, 1000, _soon(), 0));
        token.setFee(true, true);
        Sent memory back = _send(false, alice, alice, 500, _soon(), 0);

        _arrive(false, back);

        assertEq(token.balanceOf(alice), 0);
        assertEq(home.inbox.failed(back.message.id()), 1, "parked");
        assertEq(token.balanceOf(address(lock)), lock.remote(away.id).locked);
    }

    function test_transfer_refusesATokenThatReturnsFalse() public {
        FalseCoin token = new FalseCoin();
        _prepare(token);

        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
        vm.prank(alice);
        lock.transfer(to, 1000, _soon());
    }

    function test_transfer_refusesATokenThatMovesNothing() public {
        _prepare(new IdleCoin());

        vm.expectRevert(abi.encodeWithSelector(LockBridge.WrongDelta.selector, 1000, 0));
        vm.prank(alice);
        lock.transfer(to, 1000, _soon());
    }

    function test_transfer_takesATokenThatReturnsNothing() public {
        _prepare(new SilentCoin());

        _arrive(true, _send(true, alice, alice, 1000, _soon(), 0));
        _arrive(false, _send(false, alice, bob, 1000, _soon(), 0));

        assertEq(coin.balanceOf(bob), 1000);
    }

    function test_transfer_refusesATokenWhoseCodeIsGone() public {
        _prepare(new SilentCoin());
        vm.etch(address(coin), "");

        vm.expectRevert(abi.encodeWithSelector(LockBridge.NotAToken.selector, address(coin)));
        vm.prank(alice);
        lock.transfer(to, 1000, _soon());
    }

    function test_transfer_isNotReenteredByItsToken() public {
        HookCoin token = new HookCoin();
        _prepare(token);
        bytes[2] memory calls =
            [abi.encodeCall(TokenBridge.transfer, (to, 1, _soon())), abi.encodeCall(lock.crosschainTransfer, (to, 1))];

        for (uint256 i; i < calls.length; ++i) {
            token.hook(address(lock), calls[i]);
            vm.prank(alice);
            lock.transfer(to, 100, _soon());

            assertFalse(token.ok());
            assertEq(bytes4(token.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        }
        assertEq(lock.remote(away.id).locked, 200);
    }

    /// @dev While a refund pays out, its own second refund and a new transfer are closed.
    function test_refund_isNotReenteredByItsToken() public {
        HookCoin token = new HookCoin();
        _prepare(token);
        Sent memory sent = _send(true, alice, bob, 400, _soon(), 0);
        _send(true, alice, bob, 600, _soon(), 0);
        _lapse(true, sent);
        token.hook(address(lock), abi.encodeCall(TokenBridge.refund, (sent.message.encode(), sent.payload)));

        _refund(true, sent);

        assertFalse(token.ok());
        assertEq(bytes4(token.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        assertEq(token.balanceOf(alice), 400);
    }

    /// @dev While a delivery pays out, so is sending: the delta of one would be counted for the other.
    function test_release_isNotReenteredByItsToken() public {
        HookCoin token = new HookCoin();
        _prepare(token);
        _arrive(true, _send(true, alice, alice, 1000, _soon(), 0));
        Sent memory back = _send(false, alice, bob, 300, _soon(), 0);
        token.hook(address(lock), abi.encodeCall(TokenBridge.transfer, (to, 1, _soon())));

        _arrive(false, back);

        assertFalse(token.ok());
        assertEq(bytes4(token.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        assertEq(token.balanceOf(bob), 300);
    }

    /// @dev Tokens that come in by another way during a transfer are nobody's credit.
    function test_transfer_refusesADonationAsCredit() public {
        HookCoin token = new HookCoin();
        _prepare(token);
        Donor donor = new Donor(token);
        token.mint(address(donor), 5);
        token.hook(address(donor), abi.encodeCall(Donor.give, (address(lock), 5)));

        vm.expectRevert(abi.encodeWithSelector(LockBridge.WrongDelta.selector, 1000, 1005));
        vm.prank(alice);
        lock.transfer(to, 1000, _soon());
    }

    function test_release_toABarredAccountWaitsAndHoldsUpNobody() public {
        ListCoin token = new ListCoin();
        _prepare(token);
        _arrive(true, _send(true, alice, alice, 1000, _soon(), 0));
        token.bar(bob, true);
        Sent memory barred = _send(false, alice, bob, 300, _soon(), 0);
        Sent memory free = _send(false, alice, alice, 200, _soon(), 0);

        _arrive(false, barred);
        _arrive(false, free);
        assertEq(token.balanceOf(alice), 200);
        token.bar(bob, false);
        _retry(away, home, barred);

        assertEq(token.balanceOf(bob), 300);
    }
}

contract Donor {
    IERC20 private immutable token;
    bool private done;

    constructor(IERC20 token_) {
        token = token_;
    }

    function give(address to, uint256 amount) external {
        if (done) return; // its own transfer calls the hook again
        done = true;
        token.transfer(to, amount);
    }
}
