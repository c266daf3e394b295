// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IRollup} from "../../interfaces/IRollup.sol";
import {Packed} from "../../libraries/Packed.sol";
import {StateRooted} from "../StateRooted.sol";
import {OutputRoot} from "./OutputRoot.sol";
import {PortalDeposit} from "./PortalDeposit.sol";
import {WithdrawalRule} from "./WithdrawalRule.sol";

/// @notice The part of `OptimismPortal2` 3.10.0 that is read or called here.
interface IPortal {
    function paused() external view returns (bool);
    function disputeGameFactory() external view returns (IDisputeGameFactory);
    function disputeGameBlacklist(address game) external view returns (bool);
    function respectedGameType() external view returns (uint32);
    function respectedGameTypeUpdatedAt() external view returns (uint64);
    function disputeGameFinalityDelaySeconds() external view returns (uint256);
    function proofMaturityDelaySeconds() external view returns (uint256);
}

/// @notice The part of `DisputeGameFactory` that is read here.
interface IDisputeGameFactory {
    function gameAtIndex(uint256 index) external view returns (uint32 gameType, uint64 createdAt, address game);
}

/// @notice The part of `FaultDisputeGame` that is read here.
interface IDisputeGame {
    function status() external view returns (uint8);
    function createdAt() external view returns (uint64);
    function resolvedAt() external view returns (uint64);
    function rootClaim() external view returns (bytes32);
    function l2BlockNumber() external view returns (uint256);
}

/// @title An OP-Stack chain with dispute games, as L1 sees it now
/// @notice The portal's rule for withdrawals, asked of the contracts themselves: they answer for their own layout, so
/// an upgrade that keeps these functions needs no new contract here.
///
/// claim = game index u64 ‖ L2 state root 32 ‖ message passer's storage root 32 ‖ L2 block hash 32
contract LiveGames is StateRooted {
    /// @notice The game claims another output root.
    error NotThisClaim(address game, bytes32 rootClaim, bytes32 expected);

    IPortal public immutable portal;

    constructor(uint64 rollup, IPortal portal_) StateRooted(rollup) {
        portal = portal_;
    }

    /// @inheritdoc IRollup
    function deposit(address target, uint64 gasLimit, bytes calldata data, uint256 value, address)
        external
        view
        returns (address bridge, bytes memory call)
    {
        return PortalDeposit.encode(address(portal), target, gasLimit, data, value);
    }

    /// @inheritdoc StateRooted
    /// @custom:throws NotThisClaim, StateProof.InvalidProof and what {WithdrawalRule} throws
    function _settled(bytes calldata proof)
        internal
        view
        override
        returns (uint64 number, bytes32 stateRoot, bytes calldata rest)
    {
        uint256 index;
        (index, rest) = Packed.number(proof, 8);
        bytes32 outputRoot;
        (outputRoot, stateRoot, rest) = OutputRoot.read(rest);

        (uint32 gameType,, address listed) = portal.disputeGameFactory().gameAtIndex(index);
        IDisputeGame game = IDisputeGame(listed);
        if (portal.paused()) revert WithdrawalRule.Paused();
        if (portal.disputeGameBlacklist(listed)) revert WithdrawalRule.Blacklisted(listed);
        if (game.rootClaim() != outputRoot) revert NotThisClaim(listed, game.rootClaim(), outputRoot);
        WithdrawalRule.check(
            WithdrawalRule.Game(gameType, game.createdAt(), game.resolvedAt(), game.status()),
            WithdrawalRule.Respect(portal.respectedGameType(), portal.respectedGameTypeUpdatedAt()),
            WithdrawalRule.Delays(portal.disputeGameFinalityDelaySeconds(), portal.proofMaturityDelaySeconds()),
            block.timestamp
        );
        number = SafeCast.toUint64(game.l2BlockNumber());
    }
}
