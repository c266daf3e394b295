// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {RemoteBooks} from "../types/Remote.sol";
import {BridgedToken} from "./BridgedToken.sol";
import {TokenBridge} from "./TokenBridge.sol";

/// @title MintBridge
/// @notice The remote end of a bridge: makes the token that stands for the one at home, mints it for what is locked there, burns
/// it to go back. It is linked to its home and nowhere else: tokens that went from remote to remote would come home
/// by a chain for which nothing is locked.
contract MintBridge is TokenBridge {
    /// @notice The token minted here; named as in OpenZeppelin's `BridgeERC7802`.
    BridgedToken public immutable token;
    /// @notice Where the token is at home.
    uint64 public immutable home;

    constructor(
        string memory name,
        string memory symbol,
        uint8 decimals,
        uint64 home_,
        Terms memory terms,
        address owner
    ) TokenBridge(terms, owner) {
        token = new BridgedToken(name, symbol, decimals);
        home = home_;
    }

    function _checkLink(uint64 chainId, address counterpart) internal view override {
        super._checkLink(chainId, counterpart);
        require(chainId == home, BadCounterpart(chainId, counterpart));
    }

    function _onSend(address from, uint256 amount) internal override {
        token.crosschainBurn(from, amount);
    }

    function _onReceive(address to, uint256 amount) internal override {
        token.crosschainMint(to, amount);
    }

    /// @dev Supply is the book: what is burned is gone.
    function _lock(RemoteBooks books, uint256) internal pure override returns (RemoteBooks) {
        return books;
    }

    function _release(uint64, RemoteBooks books, uint256) internal pure override returns (RemoteBooks) {
        return books;
    }
}
