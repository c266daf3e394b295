// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IGuard} from "./interfaces/IGuard.sol";
import {IHeads} from "./interfaces/IHeads.sol";
import {IVerifier} from "./interfaces/IVerifier.sol";
import {LaneLog} from "./libraries/LaneLog.sol";
import {reaches, SETTLED} from "./types/Assurance.sol";

/// @title Settled evidence judges the weaker
/// @notice A guardian that nobody can talk into anything: it suspends a verifier below settled when that verifier's own
/// proof vouches for one head of a log at a count, and settled evidence shows another there. Anyone may bring both.
/// Settled verifiers go on, so whoever was wrong, what is settled is delivered and refunded.
///
/// No honest verifier can be suspended: its own contract must accept the head at that count and no other, the settled
/// head must be shown by a settled verifier that stands, the chain of hashes between must lead from one to the other,
/// and the count must be known and not merely said (see {Truth}). What it cannot show is a head beyond the newest
/// settled one: that waits until settled evidence has come so far.
///
/// It assumes that logs only grow: that the outboxes and inboxes of the chains registered are the append-only contracts
/// they are taken for. Where one of them, or its chain, rewrites a log, honest verifiers can contradict each other.
contract Auditor {
    /// @notice What a verifier below settled vouches for.
    /// @param number The verifier's
    /// @param head Value that it says the log has
    /// @param count after so many entries
    /// @param proof Its evidence, as {IVerifier.verify} takes it
    struct Said {
        uint8 number;
        bytes32 head;
        uint64 count;
        bytes proof;
    }

    /// @notice A piece of the log that reaches over that count and ends at a settled head. That `start` is the head
    /// after `first` entries, and no other, is known in one of three ways: it is the log's beginning (`first` is 0); or
    /// the piece begins with a message, whose header holds its nonce; or the settled verifier itself refuses the head
    /// at another count, as it does for the head of a page.
    /// @param first Entries before the piece
    /// @param start Head there
    /// @param entries Entry hashes of the piece: message ids, or hashes of receipts
    /// @param header Header of the message that `entries` begins with (163 bytes); or empty
    /// @param evidence Shows the head at the end, as {IHeads.check} takes it
    struct Truth {
        uint64 first;
        bytes32 start;
        bytes32[] entries;
        bytes header;
        bytes evidence;
    }

    /// @notice Verifier `number` vouched for `head` at `count`, where settled evidence has `truth`; it is suspended.
    event Exposed(bytes32 indexed log, uint8 indexed number, uint64 count, bytes32 head, bytes32 truth);

    /// @notice Settled verifiers are judged by nobody here.
    error NotBelowSettled(uint8 number);
    /// @notice The piece of log does not reach over the count.
    error OutOfReach(uint64 count, uint64 first, uint64 last);
    /// @notice The head is the true one.
    error Truthful(bytes32 log, uint64 count, bytes32 head);
    /// @notice No settled verifier shows the end of the piece, only `verifiers` do.
    error NotSettled(uint256 verifiers);
    /// @notice The header is not that of message `first` with which the piece begins.
    error WrongHeader(bytes32 id, uint64 nonce);
    /// @notice The verifier accepts the same proof at another count: it says nothing of counts.
    error CountNotBound(bytes32 head, uint64 count);
    /// @notice With so little gas a refusal could be an exhausted call.
    error GasTooLow();

    /// @dev Where a header has its nonce (u64), and its size.
    uint256 private constant NONCE = 19;
    uint256 private constant HEADER = 163;

    /// @notice Takes this contract's word, as a guardian's.
    IGuard public immutable guard;

    constructor(IGuard guard_) {
        guard = guard_;
    }

    /// @notice Suspends verifier `said.number`, whose word on `log` is contradicted by settled evidence.
    /// @custom:throws NotBelowSettled, IHeads.NotStanding, OutOfReach, Truthful, NotSettled, WrongHeader,
    /// CountNotBound, GasTooLow, and what {IHeads.check} and the verifiers throw
    function expose(bytes32 log, Said calldata said, Truth calldata truth) external {
        IHeads heads = guard.heads();
        if (reaches(1 << said.number, SETTLED)) revert NotBelowSettled(said.number);
        if (heads.standing(log) >> said.number & 1 == 0) revert IHeads.NotStanding(log, said.number);

        (bytes32 there, bytes32 end) = _walk(log, said, truth);
        uint64 last = truth.first + uint64(truth.entries.length);
        uint256 verifiers = heads.check(log, end, last, truth.evidence);
        if (!reaches(verifiers, SETTLED)) revert NotSettled(verifiers);
        _requireCounted(heads, log, end, last, truth);
        _requireBound(heads.verifierOf(said.number), log, said.head, said.count, said.proof);

        guard.pauseVerifier(said.number);
        emit Exposed(log, said.number, said.count, said.head, there);
    }

    /// @dev The true head at the count in question, and the head at the piece's end.
    function _walk(bytes32 log, Said calldata said, Truth calldata truth)
        private
        pure
        returns (bytes32 there, bytes32 end)
    {
        uint256 last = truth.first + truth.entries.length;
        if (said.count < truth.first || said.count > last) revert OutOfReach(said.count, truth.first, uint64(last));
        end = truth.start;
        uint256 place = said.count - truth.first;
        if (place == 0) there = end;
        for (uint256 i; i < truth.entries.length; ++i) {
            end = LaneLog.extend(end, truth.entries[i]);
            if (i + 1 == place) there = end;
        }
        if (there == said.head) revert Truthful(log, said.count, said.head);
    }

    /// @dev Returns if `truth.start` is known to come after `truth.first` entries.
    function _requireCounted(IHeads heads, bytes32 log, bytes32 end, uint64 last, Truth calldata truth) private view {
        if (truth.first == 0 && truth.start == log) return;
        if (truth.header.length != 0) {
            // A message id stands at the place of its nonce: the outbox made both. No receipt has this size.
            bytes32 id = keccak256(truth.header);
            uint64 nonce = truth.header.length == HEADER ? uint64(bytes8(truth.header[NONCE:])) : type(uint64).max;
            bool begins = truth.entries.length != 0 && truth.entries[0] == id && nonce == truth.first;
            if (!begins) revert WrongHeader(id, nonce);
        } else {
            if (truth.evidence.length == 0) revert CountNotBound(end, last);
            _requireBound(heads.verifierOf(uint8(truth.evidence[0])), log, end, last, truth.evidence[1:]);
        }
    }

    /// @dev Returns if `verifier` accepts the head at this count, and at another refuses it.
    function _requireBound(address verifier, bytes32 log, bytes32 head, uint64 count, bytes calldata proof)
        private
        view
    {
        uint256 cost = gasleft();
        IVerifier(verifier).verify(log, head, count, proof);
        cost -= gasleft();
        // What is left must do for the second call, were it as dear as the first, by the 63/64 rule.
        if (gasleft() < 2 * cost) revert GasTooLow();
        try IVerifier(verifier).verify(log, head, count ^ 1, proof) {
            revert CountNotBound(head, count);
        } catch {}
    }
}
