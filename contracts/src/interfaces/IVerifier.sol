// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title On-chain judge of one kind of evidence
/// @notice Has a number, and by it a class, in {IHeads}; speaks only for the logs it is registered for there. Whom it
/// trusts is fixed when it is deployed: other signers or another layout are another verifier.
interface IVerifier {
    /// @notice Reverts unless `head` is the value of `log`, in a block of the log's chain that is final enough for this
    /// verifier's class. Returns nothing: coming back is the answer.
    /// @param log Name of the lane log or receipt log ({Lane.log}, {Lane.receiptLog}); a proof for one log must not
    /// pass for another
    /// @param head Value of the log's hash chain after `count` entries, never zero ({IHeads} refuses it before asking)
    /// @param count Entries up to that head, as the segment says; a verifier that knows it compares, and one that does
    /// not need not, since a head fixes its own count
    /// @param proof Evidence in the verifier's own packed form, without the number in front
    function verify(bytes32 log, bytes32 head, uint64 count, bytes calldata proof) external view;
}
