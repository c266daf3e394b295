// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {IHeads} from "./IHeads.sol";

/// @title Delivers messages that other chains' outboxes accepted
/// @notice Takes a segment of a lane log with evidence for its head, and calls each message's recipient alone; keeps one
/// bit per lane and nonce, and a receipt log per lane that the origin settles by. Every call is permissionless; nobody
/// owns this contract.
///
/// Bytes of headers, segments and receipts are in `docs/reference/protocol.md`; statuses are named by the lane log
/// ({Lane.log}), receipts by the receipt log ({Lane.receiptLog}).
///
/// While a recipient runs, every function here except {setPolicy} and the policy views is closed
/// (`ReentrancyGuardReentrantCall`): a recipient could otherwise see or use statuses that are not yet written.
/// @custom:invariant A message is delivered at most once.
/// @custom:invariant A message is delivered at `now <= expiry`, or has an `expired` receipt after it, never both.
interface IInbox {
    /// @notice One receipt `delivered` was appended: the nonces `256 * page + i`, for each bit i of `bitmap`, succeeded in
    /// this call, and `payee` has earned the sum of their fees.
    /// @param log Lane log
    /// @param index Place of the receipt in the lane's receipt log
    event Delivered(bytes32 indexed log, uint64 index, uint64 page, uint256 bitmap, address indexed payee, uint96 fees);
    /// @notice The recipient reverted, answered with anything but the ERC-7786 selector, or has no code.
    /// @param verifiers Bitmap of who vouched; {retry} works while one of them stands
    /// @param reason At most 256 bytes of what came back
    event Failed(bytes32 indexed id, uint256 verifiers, bytes reason);
    /// @notice One receipt `expired(id)` was appended.
    event Expired(bytes32 indexed id, bytes32 indexed log, uint64 index);
    /// @notice `recipient` accepts messages vouched for by one of `mask` only; 0 is any that the lane accepts.
    event PolicySet(address indexed recipient, uint256 mask);

    /// @notice The segment does not parse to its end: truncated, extended, or a field out of range; `offset` is
    /// the byte where reading stopped.
    error BadSegment(uint256 offset);
    /// @notice 163 bytes, version 1, known flags, and this chain and contract as its destination make a header.
    error BadHeader();
    /// @notice The payload is not the one the header was made for.
    error WrongPayload(bytes32 expected, bytes32 actual);
    /// @notice `verifiers` vouch for the head, and none has the class of the lane.
    error EvidenceTooWeak(uint256 verifiers, uint8 assurance);
    /// @notice At this point of the transaction `needed` gas had to be left to call message `nonce` with its whole gas
    /// limit. Send more gas, or a smaller batch.
    error GasTooLow(uint64 nonce, uint256 needed);
    /// @notice Nothing was delivered and nothing newly failed: all skipped, or the retried message failed again.
    error NoProgress();
    /// @notice Only what failed in {deliver}, and has not succeeded since, is retried; anything else is delivered.
    error NotFailed(bytes32 id);
    /// @notice None of the verifiers that vouched for the message stands any more: deliver it anew on other evidence.
    error VerifiersFell(bytes32 id, uint256 verifiers);
    /// @notice The recipient's policy accepts none of the verifiers that vouched.
    error PolicyRefuses(address recipient, uint256 verifiers);
    /// @notice A retry gives the recipient at least the gas its sender asked for.
    error LessGasThanSent(uint256 gasGiven, uint32 gasLimit);
    /// @notice The message's time is over; it can only {expire}.
    error TimeOver(uint64 expiry);
    /// @notice The message's time is not over, or never ends (0).
    error NotExpired(uint64 expiry);
    /// @notice The nonce was delivered.
    error AlreadyDelivered(uint64 nonce);

    /// @notice Registry that judges evidence; fixed.
    function heads() external view returns (IHeads);

    /// @notice Delivers consecutive messages of one lane. Each is tried alone: it is skipped without a mark if its nonce
    /// was delivered, its expiry has passed or its recipient's policy refuses the verifiers; else its recipient is called
    /// with exactly its gas limit. One recipient's failure never undoes another's delivery.
    /// @dev Policies are those that stand when the call begins.
    /// @param segment Packed, chapter 3 of the protocol; read to its last byte
    /// @param evidence Empty when the head was shown before, else verifier number ‖ proof (see {IHeads})
    /// @param payee Earns, at the origin, the fees of what succeeds
    /// @custom:throws BadSegment, EvidenceTooWeak, GasTooLow, NoProgress, and what {IHeads.check} throws
    function deliver(bytes calldata segment, bytes calldata evidence, address payee) external;

    /// @notice Calls the recipient of a failed message again, with `gasLimit` gas. Succeeds or reverts.
    /// @param header 163 bytes
    /// @param gasLimit At least the header's
    /// @param payee Earns the fee
    /// @custom:throws BadHeader, WrongPayload, LessGasThanSent, NotFailed, VerifiersFell, PolicyRefuses, TimeOver,
    /// AlreadyDelivered, GasTooLow, NoProgress
    function retry(bytes calldata header, bytes calldata payload, uint256 gasLimit, address payee) external;

    /// @notice Records that a message's time is over, so that its sender is refunded at the origin. The clock is the
    /// only evidence: an entry for a message that was never sent settles nothing there.
    /// @custom:throws BadHeader, NotExpired, AlreadyDelivered
    function expire(bytes calldata header) external;

    /// @notice Sets whom the caller believes, on top of each lane's class: bit v accepts verifier v; 0 accepts any.
    /// Binds from the next {deliver} on.
    function setPolicy(uint256 mask) external;

    /// @notice Bitmap of delivered nonces: bit i is nonce `256 * page + i` of lane `log`.
    function delivered(bytes32 log, uint256 page) external view returns (uint256 bitmap);

    /// @notice Who vouched for a message when its recipient failed; 0 if it never did, or a retry succeeded. Says nothing
    /// once the message's nonce is delivered.
    function failed(bytes32 id) external view returns (uint256 verifiers);

    /// @notice Head (0 before the first entry) and number of entries of a receipt log.
    function receipts(bytes32 receiptLog) external view returns (bytes32 head, uint64 count);

    /// @notice Head after entry `256 * page - 1` of a receipt log, for page >= 1; 0 if not there yet.
    function receiptPage(bytes32 receiptLog, uint256 page) external view returns (bytes32 head);

    /// @notice The verifiers that `recipient` accepts; 0 is any.
    function policy(address recipient) external view returns (uint256 mask);

    /// @notice Bit (address mod 256) is set when any recipient of that remainder ever set a policy.
    function policyBuckets() external view returns (uint256 buckets);
}
