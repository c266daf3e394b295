// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {Lane} from "../types/Lane.sol";
import {IHeads} from "./IHeads.sol";
import {IPausable} from "./IPausable.sol";

/// @title Who may stop what
/// @notice Guardians pause a lane, a verifier or an asset in one call; each lever stands where the hot path reads it anyway
/// ({IHeads}, {IPausable}), so a pause costs nobody a lookup while there is none. The guard only ever takes away: what a
/// guardian paused is given back by the owner of what was paused, a timelock. A stolen guardian key stops things, no more.
///
/// No pause reaches expiry, nor settling and refunding on settled evidence.
interface IGuard {
    /// @notice Pauses go to `heads` from now on, for good.
    event Bound(address indexed heads);
    /// @notice `account` may pause, or no longer.
    event GuardianSet(address indexed account, bool guardian);
    /// @notice `guardian` paused `log`: the lane's own where this chain receives, its receipts' where this chain sends.
    event LanePaused(bytes32 indexed log, address indexed guardian);
    /// @notice `guardian` paused verifier `number`.
    event VerifierPaused(uint8 indexed number, address indexed guardian);
    /// @notice `guardian` paused `asset`.
    event AssetPaused(address indexed asset, address indexed guardian);

    /// @notice Only guardians pause.
    error NotGuardian(address caller);
    /// @notice The guard is bound once.
    error AlreadyBound(address heads);
    /// @notice There are no heads to pause yet: {bind} comes first.
    error NotBound();
    /// @notice `target` has no code.
    error NotAContract(address target);
    /// @notice This chain is neither end of `lane`.
    error ForeignLane(Lane lane);

    /// @notice The registry that lanes and verifiers are paused in; zero before {bind}.
    function heads() external view returns (IHeads);

    /// @notice Whether `account` may pause.
    function isGuardian(address account) external view returns (bool);

    /// @notice Names the registry, once. Owner only.
    /// @custom:throws AlreadyBound, NotAContract
    function bind(IHeads registry) external;

    /// @notice Makes `account` a guardian, or no longer. Owner only.
    function setGuardian(address account, bool guardian) external;

    /// @notice Where this chain is the destination of `lane`, nothing stands for its lane log any more: no delivery, no retry.
    /// Where it is the origin, only settled evidence stands for its receipt log: no settling by weaker evidence, whose
    /// forged receipts would be an exit too.
    /// @custom:throws NotGuardian, NotBound, ForeignLane
    function pauseLane(Lane calldata lane) external;

    /// @notice Verifier `number`, and every head it has shown, stands no more (a settled one goes on for receipts).
    /// @custom:throws NotGuardian, NotBound
    function pauseVerifier(uint8 number) external;

    /// @notice `asset` neither sends nor receives any more, but refunds.
    /// @custom:throws NotGuardian
    function pauseAsset(IPausable asset) external;
}
