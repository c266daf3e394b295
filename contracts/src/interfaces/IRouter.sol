// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {IRollup} from "./IRollup.sol";

/// @title Router on L1: takes heads of one rollup, sends them to another
/// @notice {push} asks the origin's rollup contracts for heads and has the destination's canonical bridge carry them to
/// its {IRoutedHeads}. Keeps nothing, so anyone may push, and push again when a deposit ran out of gas. Works for every
/// rollup with a bridge to L1.
///
/// The owner, a timelock, says which contract speaks for a rollup; it can thereby make up heads, and that is all it
/// can.
interface IRouter {
    /// @notice Rollup `chain` is judged by `rollup` and hears of heads at `heads`.
    event Connected(uint64 indexed chain, IRollup rollup, address heads);
    /// @notice A head of `log` goes to chain `destination`; `value` wei went along for each head of the push. Whoever
    /// waits for it looks at that, too: too little buys no gas there.
    event Pushed(
        uint64 indexed origin,
        uint64 indexed destination,
        bytes32 indexed log,
        bytes32 head,
        uint64 number,
        uint256 value
    );

    /// @notice No rollup of this id is connected.
    error NotConnected(uint64 chain);
    /// @notice The rollup's contract is none.
    error NotAContract(address account);
    /// @notice The rollup's contract speaks for another chain.
    error WrongChain(uint64 chain, uint64 expected);
    /// @notice The proof shows no head.
    error NothingToPush();

    /// @notice Judge rollup `chain` by `rollup`, and send it heads at `heads` ({IRoutedHeads} there; zero: none). Zero
    /// as `rollup` disconnects. Owner only.
    /// @custom:throws NotAContract, WrongChain
    function connect(uint64 chain, IRollup rollup, address heads) external;

    /// @notice Takes heads of logs on rollup `origin` and sends them to where they are read: a lane log's to the
    /// lane's destination, a receipt log's to its origin. All value goes along with the deposit: it buys gas there,
    /// and what is left over is the caller's on the destination.
    /// @param origin Chain on which the logs stand
    /// @param proof Shows heads, as {IRollup.heads} of the origin takes it
    /// @custom:throws NotConnected, NothingToPush and what the rollups and the bridge throw
    function push(uint64 origin, bytes calldata proof) external payable;

    /// @notice Who judges a rollup; zero if it is not connected.
    function rollupOf(uint64 chain) external view returns (IRollup);

    /// @notice Where a rollup hears of heads; zero if nowhere.
    function headsOf(uint64 chain) external view returns (address);
}
