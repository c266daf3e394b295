// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {RemoteBooks} from "../types/Remote.sol";
import {TokenBridge} from "./TokenBridge.sol";

/// @title LockBridge
/// @notice The home end of a bridge: holds the tokens that are out on remotes, books them for each, and releases no more to a
/// remote than is locked for it; so whatever goes wrong on one remote, the others stay backed.
///
/// Tokens that move other than by the amount asked for (fee on transfer) are refused when they are sent. Tokens whose balances change
/// without a transfer (rebasing) must not be bridged: the books would not follow.
contract LockBridge is TokenBridge {
    using SafeERC20 for IERC20;

    /// @notice There is no code at this address, or it does not tell balances.
    error NotAToken(address token);
    /// @notice The bridge's balance moved by `moved`, not by `amount`.
    error WrongDelta(uint256 amount, uint256 moved);
    /// @notice More than is locked for that chain.
    error NotLocked(uint64 chainId, uint256 amount, uint256 locked);
    /// @notice The books of one chain hold 112 bits.
    error BooksFull(uint256 locked);

    /// @notice The token held here; named as in OpenZeppelin's `BridgeERC20`.
    IERC20 public immutable token;

    constructor(IERC20 token_, Terms memory terms, address owner) TokenBridge(terms, owner) {
        require(address(token_).code.length != 0, NotAToken(address(token_)));
        token = token_;
    }

    /// @dev Credit is what came, not what was asked for.
    function _onSend(address from, uint256 amount) internal override {
        uint256 before = _balance();
        token.safeTransferFrom(from, address(this), amount);
        uint256 balance = _balance();
        // A balance that fell moved nothing in.
        if (balance != before + amount) revert WrongDelta(amount, balance > before ? balance - before : 0);
    }

    /// @dev A token that takes its fee on top would eat what backs others.
    function _onReceive(address to, uint256 amount) internal override {
        uint256 before = _balance();
        token.safeTransfer(to, amount);
        uint256 balance = _balance();
        if (before != balance + amount) revert WrongDelta(amount, before > balance ? before - balance : 0);
    }

    function _lock(RemoteBooks books, uint256 amount) internal pure override returns (RemoteBooks) {
        uint256 sum = books.locked() + amount;
        if (sum > type(uint112).max) revert BooksFull(sum);
        return books.withLocked(sum);
    }

    function _release(uint64 chainId, RemoteBooks books, uint256 amount) internal pure override returns (RemoteBooks) {
        uint256 held = books.locked();
        if (amount > held) revert NotLocked(chainId, amount, held);
        return books.withLocked(held - amount);
    }

    /// @dev What the token says the bridge holds: `token.balanceOf(address(this))` for 150 gas less, twice a transfer.
    function _balance() private view returns (uint256 held) {
        address asked = address(token);
        bytes32 selector = IERC20.balanceOf.selector;
        bool told;
        assembly ("memory-safe") {
            mstore(0x00, selector) // all in scratch space
            mstore(0x04, address())
            // Arguments are worked out from the last: the answer's size is known when it is asked for.
            told := and(gt(returndatasize(), 0x1f), staticcall(gas(), asked, 0x00, 0x24, 0x00, 0x20))
            held := mload(0x00)
        }
        if (!told) revert NotAToken(asked);
    }
}
