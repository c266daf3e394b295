// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {IRollup} from "./IRollup.sol";

/// @title Router on L1: proves heads of one rollup, sends them to another
/// @notice {push} asks the origin's rollup contracts which state root is settled, proves heads under it, and has the
/// destination's canonical bridge carry them to its {IRoutedHeads}. Keeps nothing, so anyone may push, and push again
/// when a deposit ran out of gas. Works for every rollup with a bridge to L1.
///
/// The owner, a timelock, says which contract speaks for a rollup; it can thereby make up heads, and that is all it
/// can.
interface IRouter {
    /// @notice Rollup `chain` is judged by `rollup` and hears of heads at `heads`.
    event Connected(uint64 indexed chain, IRollup rollup, address heads);
    /// @notice A head of `log` goes to chain `destination`.
    event Pushed(uint64 indexed origin, uint64 indexed destination, bytes32 indexed log, bytes32 head, uint64 number);

    /// @notice No rollup of this id is connected.
    error NotConnected(uint64 chain);
    /// @notice The rollup's contract is none.
    error NotAContract(address account);
    /// @notice The log stands on another chain than the one pushed from, in another contract, or is for another chain
    /// than the first.
    error WrongPlace(bytes32 log, uint64 chain, address account, uint64 reader);
    /// @notice There is no log in the call.
    error NothingToPush();
    /// @notice The rollup holds no state root to be settled.
    error ZeroRoot();
    /// @notice The bridge wants `expected` wei.
    error WrongValue(uint256 value, uint256 expected);

    /// @notice Judge rollup `chain` by `rollup`, and send it heads at `heads` ({IRoutedHeads} there; zero: none). Zero
    /// as `rollup` disconnects. Owner only.
    function connect(uint64 chain, IRollup rollup, address heads) external;

    /// @notice Proves heads of logs on rollup `origin` and sends them to where they are read: a lane log's to the
    /// lane's destination, a receipt log's to its origin.
    /// @param origin Chain on which the logs stand
    /// @param claim Names a settled state root of it, as {IRollup.settled} takes it
    /// @param logs account 20 ‖ account trie proof ‖ n × (lane 57 ‖ kind u8 ‖ page u40 ‖ storage trie proof), n >= 1,
    /// all in that account and for one chain
    /// @custom:throws NotConnected, WrongPlace, NothingToPush, WrongValue, StateProof.InvalidProof and what the rollup
    /// and the bridge throw
    function push(uint64 origin, bytes calldata claim, bytes calldata logs) external payable;

    /// @notice Who judges a rollup; zero if it is not connected.
    function rollupOf(uint64 chain) external view returns (IRollup);

    /// @notice Where a rollup hears of heads; zero if nowhere.
    function headsOf(uint64 chain) external view returns (address);
}
