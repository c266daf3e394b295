// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {Lane, LogKind} from "../types/Lane.sol";

/// @title Registry of who may say what about other chains' logs
/// @notice Keeps which verifiers stand for a log and which of them have shown which head. Answers with a bitmap by
/// verifier number (class = number >> 6), so that lanes and recipients choose whom they believe and a suspended
/// verifier takes its heads with it.
///
/// A guardian's pause comes in through {guard} and only ever takes away; only the owner gives back. A pause never
/// reaches settled evidence on a receipt log: refunds go on.
/// @custom:invariant `standing(log)` has only verifiers registered for `log`, of the lane's class or higher.
interface IHeads {
    /// @notice `verifier`, under `number`, may now speak for `log`.
    event Registered(uint8 indexed number, address indexed verifier, bytes32 indexed log, Lane lane, LogKind kind);
    /// @notice `verifiers` have shown `head`, at `count` entries, and it is stored.
    event Shown(bytes32 indexed log, bytes32 indexed head, uint64 count, uint256 verifiers);
    /// @notice Evidence for `log` no longer stands, below settled only if `keepSettled`.
    event Halted(bytes32 indexed log, bool keepSettled);
    /// @notice Evidence for `log` stands again.
    event Resumed(bytes32 indexed log);
    /// @notice Verifier `number` no longer stands for any log (a settled one: for any lane log).
    event Suspended(uint8 indexed number);
    /// @notice Verifier `number` stands again.
    event Reinstated(uint8 indexed number);

    /// @notice Only the guard may take away.
    error NotGuard(address caller);
    /// @notice Verifier numbers end at 191.
    error NumberTooHigh(uint8 number);
    /// @notice A verifier is a contract.
    error NotAContract(address verifier);
    /// @notice A number means one contract for good; `verifier` has it.
    error NumberTaken(uint8 number, address verifier);
    /// @notice The verifier's class is below the lane's.
    error ClassTooLow(uint8 number, uint8 assurance);
    /// @notice Not a lane this chain hears of: wrong end, a zero contract, both ends on one chain, or class above 2.
    error NotOurLane(Lane lane, LogKind kind);
    /// @notice Zero is the value of an empty slot, never a head.
    error ZeroHead(bytes32 log);
    /// @notice No standing verifier has shown this head, and no evidence came with the call.
    error UnknownHead(bytes32 log, bytes32 head);
    /// @notice Verifier `number` is not registered for `log`, suspended, or the log is halted.
    error NotStanding(bytes32 log, uint8 number);

    /// @notice Who has shown `head`, among the verifiers that stand for `log` now.
    /// @param log Name of the log; the caller derives it from the lane itself
    /// @param head Never zero
    /// @param count Entries up to `head`
    /// @param evidence Empty: the head was shown before. Else verifier number (1 byte) ‖ proof, checked in this call
    /// and not stored
    /// @return verifiers Bitmap, never zero. The caller compares its class with the lane's ({reaches})
    /// @custom:throws ZeroHead, UnknownHead, NotStanding, and whatever the verifier says
    function check(bytes32 log, bytes32 head, uint64 count, bytes calldata evidence)
        external
        view
        returns (uint256 verifiers);

    /// @notice As {check}, and stores it, so that later deliveries need no evidence. Anyone may.
    function show(bytes32 log, bytes32 head, uint64 count, bytes calldata evidence) external returns (uint256 verifiers);

    /// @notice Verifiers that may speak for `log` now: registered, not suspended, not halted.
    function standing(bytes32 log) external view returns (uint256 verifiers);

    /// @notice Verifiers that ever showed `head` with {show}, whether they stand or not.
    function shown(bytes32 log, bytes32 head) external view returns (uint256 verifiers);

    /// @notice Contract behind verifier `number`; zero if none.
    function verifierOf(uint8 number) external view returns (address verifier);

    /// @notice Verifiers suspended now.
    function suspended() external view returns (uint256 verifiers);

    /// @notice Verifiers barred from `log` by {halt}.
    function halted(bytes32 log) external view returns (uint256 verifiers);

    /// @notice The logs verifier `number` is registered for.
    function logsOf(uint8 number) external view returns (bytes32[] memory logs);

    /// @notice The contract through which guardians pause; fixed.
    function guard() external view returns (address);

    /// @notice Lets verifier `number` speak for the log of `lane` that this chain hears of: the lane log where this
    /// chain is the lane's destination, the receipt log where it is the origin. Twice is the same as once. Owner only.
    /// @custom:throws NumberTooHigh, NotAContract, NumberTaken, ClassTooLow, NotOurLane
    function register(uint8 number, address verifier, Lane calldata lane, LogKind kind) external;

    /// @notice Nothing stands for `log` any more; with `keepSettled` verifiers 128 and up still do, and on a receipt log
    /// they always do. Only ever adds to what is halted. Guard only.
    /// @custom:throws NotGuard
    function halt(bytes32 log, bool keepSettled) external;

    /// @notice Undoes every {halt} of `log`. Owner only.
    function resume(bytes32 log) external;

    /// @notice Verifier `number` and all heads it has shown stand for no log any more; a settled one goes on for receipt
    /// logs. Guard only.
    /// @custom:throws NotGuard
    function suspend(uint8 number) external;

    /// @notice Undoes {suspend}. Owner only.
    function reinstate(uint8 number) external;
}
