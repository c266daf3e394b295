// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {ICheckpoints} from "./ICheckpoints.sol";
import {ISettledRule} from "./ISettledRule.sol";
import {IVerifier} from "./IVerifier.sol";

/// @title Heads proven by storage, through L1, trusting nobody
/// @notice One for each remote chain and {ISettledRule}. A head is the value of its log's slot in the remote outbox or
/// inbox; the slot stands under the contract's storage root, that under the chain's state root, that is settled on L1
/// by the rollup's own rule, and this chain knows L1's block hashes. {prove} goes that way once and keeps the storage
/// root; each head then costs one slot proof. Or all of it comes inline.
///
/// The packed forms stand in chapter 7 of the protocol.
/// @custom:invariant A kept storage root never changes.
interface IProvenHeads is IVerifier {
    /// @notice The storage root of `account` at a block of the remote chain is known.
    event RootProven(address indexed account, uint64 indexed number, bytes32 storageRoot);

    /// @notice This chain knows no L1 block `number` with this hash: checkpoint it first.
    error UnknownL1Block(uint64 number, bytes32 hash);
    /// @notice No storage root was proven for this contract and block.
    error UnknownRoot(address account, uint64 number);
    /// @notice Two settled roots of one block differ: the rollup has contradicted itself.
    error RootsDiffer(address account, uint64 number, bytes32 known, bytes32 proven);
    /// @notice A proof is under a cached root (0) or has everything inline (1).
    error UnknownMode(uint8 mode);
    /// @notice The log proven stands on another chain.
    error WrongChain(uint64 chain, uint64 expected);
    /// @notice The proof is of another log than the one asked about.
    error WrongLog(bytes32 proven, bytes32 asked);
    /// @notice Head of page `page` is that after 256 * `page` entries.
    error WrongCount(uint64 page, uint64 count);
    /// @notice The slot holds another value than the head asked about.
    error WrongHead(bytes32 proven, bytes32 asked);

    /// @notice Proves the storage root of a contract on the remote chain and keeps it. Anyone may; again is the same
    /// as once.
    /// @param rootProof length u16 ‖ L1 header (RLP) ‖ length u24 ‖ settled proof ‖ account trie proof
    /// @param account The outbox or inbox
    /// @return number Block of the remote chain
    /// @return storageRoot Storage root of `account` there
    /// @custom:throws UnknownL1Block, RootsDiffer, StateProof.InvalidProof and what the rule throws
    function prove(bytes calldata rootProof, address account) external returns (uint64 number, bytes32 storageRoot);

    /// @notice Storage root kept for a contract at a block of the remote chain; zero if none.
    function storageRootOf(address account, uint64 number) external view returns (bytes32);

    /// @notice The remote chain.
    function chain() external view returns (uint64);

    /// @notice What this chain knows of L1.
    function checkpoints() external view returns (ICheckpoints);

    /// @notice When a state root of the remote chain is settled.
    function rule() external view returns (ISettledRule);
}
