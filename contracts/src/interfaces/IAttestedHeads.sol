// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {IVerifier} from "./IVerifier.sol";

/// @title Heads signed by k of n attesters
/// @notice Each signs EIP-712 `Head(bytes32 log,bytes32 head,uint64 count,uint64 block)` in the domain ("xl2", "1", live
/// chain id, this contract), for a block of the log's chain that is final. The set never changes: another set is another
/// verifier. Signers stand in the proof, so that the set costs no storage here.
///
/// proof = block u64 ‖ n × signer 20 ‖ k × (index u8 ‖ r 32 ‖ vs 32), signers in the order of the constructor, indices
/// rising, vs as EIP-2098.
interface IAttestedHeads is IVerifier {
    /// @notice 1 to 255 signers, of which at least 1 and at most all must sign.
    error BadThreshold(uint256 threshold, uint256 signers);
    /// @notice Signers are given in rising order, which makes them distinct and not zero.
    error SignersNotRising(address signer);
    /// @notice For this set a proof has exactly `expected` bytes.
    error BadProofLength(uint256 length, uint256 expected);
    /// @notice The proof names another set of signers.
    error WrongSigners(bytes32 expected, bytes32 actual);
    /// @notice Indices rise and stay below n: a signer counts once.
    error IndexNotRising(uint256 index);
    /// @notice The signature at `index` is not of the signer there.
    error WrongSigner(uint256 index, address expected, address recovered);

    /// @notice keccak256 of the signers, 20 bytes each.
    function signersHash() external view returns (bytes32);

    /// @notice How many must sign.
    function threshold() external view returns (uint256);

    /// @notice How many signers there are.
    function size() external view returns (uint256);

    /// @notice What an attester signs.
    /// @param blockNumber Block of the log's chain at which head and count were read
    function digest(bytes32 log, bytes32 head, uint64 count, uint64 blockNumber) external view returns (bytes32);
}
