// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IRollup} from "../../interfaces/IRollup.sol";
import {Packed} from "../../libraries/Packed.sol";
import {StateRooted} from "../StateRooted.sol";
import {IDisputeGame, IDisputeGameFactory} from "./LiveGames.sol";
import {OutputRoot} from "./OutputRoot.sol";
import {PortalDeposit} from "./PortalDeposit.sol";
import {RegistryRule} from "./RegistryRule.sol";
import {WithdrawalRule} from "./WithdrawalRule.sol";

/// @notice The part of `OptimismPortal2` 4.6.0 that is read here.
interface IRegistryPortal {
    function paused() external view returns (bool);
    function anchorStateRegistry() external view returns (IAnchorStateRegistry);
    function disputeGameFactory() external view returns (IDisputeGameFactory);
    function proofMaturityDelaySeconds() external view returns (uint256);
}

/// @notice The part of `AnchorStateRegistry` 3.5.0 that is read here.
interface IAnchorStateRegistry {
    function isGameBlacklisted(address game) external view returns (bool);
    function isGameClaimValid(address game) external view returns (bool);
    function retirementTimestamp() external view returns (uint64);
    function disputeGameFinalityDelaySeconds() external view returns (uint256);
}

/// @notice What `FaultDisputeGame` tells since there is a registry.
interface IRegistryGame is IDisputeGame {
    function wasRespectedGameTypeWhenCreated() external view returns (bool);
}

/// @title An OP-Stack chain with an AnchorStateRegistry, as L1 sees it now
/// @notice For portals since 4.0. Their rule for withdrawals, asked of the contracts themselves: {RegistryRule} names
/// the reason of a refusal, and the registry has the last word, so that a rule which an upgrade adds there holds here.
///
/// claim = game index u64 ‖ L2 state root 32 ‖ message passer's storage root 32 ‖ L2 block hash 32
contract LiveRegistry is StateRooted {
    /// @notice The game claims another output root.
    error NotThisClaim(address game, bytes32 rootClaim, bytes32 expected);
    /// @notice The registry holds the game's claim to be invalid.
    error NotValid(address game);

    IRegistryPortal public immutable portal;

    constructor(uint64 rollup, IRegistryPortal portal_) StateRooted(rollup) {
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
    /// @custom:throws NotThisClaim, NotValid, StateProof.InvalidProof and what {RegistryRule} and {WithdrawalRule} throw
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
        IRegistryGame game = IRegistryGame(listed);
        if (game.rootClaim() != outputRoot) revert NotThisClaim(listed, game.rootClaim(), outputRoot);
        _judge(game, gameType);
        number = SafeCast.toUint64(game.l2BlockNumber());
    }

    function _judge(IRegistryGame game, uint32 gameType) private view {
        IAnchorStateRegistry registry = portal.anchorStateRegistry();
        if (portal.paused()) revert WithdrawalRule.Paused();
        if (registry.isGameBlacklisted(address(game))) revert WithdrawalRule.Blacklisted(address(game));
        RegistryRule.Facts memory facts = RegistryRule.Facts({
            game: address(game),
            play: WithdrawalRule.Game(gameType, game.createdAt(), game.resolvedAt(), game.status()),
            respected: game.wasRespectedGameTypeWhenCreated(),
            retirement: registry.retirementTimestamp()
        });
        WithdrawalRule.Delays memory delays =
            WithdrawalRule.Delays(registry.disputeGameFinalityDelaySeconds(), portal.proofMaturityDelaySeconds());
        RegistryRule.check(facts, delays, block.timestamp);
        if (!registry.isGameClaimValid(address(game))) revert NotValid(address(game));
    }
}
