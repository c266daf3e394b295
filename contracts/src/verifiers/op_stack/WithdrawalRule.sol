// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title When a dispute game of an OP-Stack chain is settled
/// @notice `OptimismPortal2.checkWithdrawal` (version 3.10.0), without the withdrawal: what it asks of the game. One
/// text for {ProvenGames}, which reads the facts by proof, and {LiveGames}, which reads them by call.
library WithdrawalRule {
    /// @notice What a game says of itself (slot 0 of `FaultDisputeGame`), and its type.
    struct Game {
        uint32 gameType;
        uint64 createdAt;
        uint64 resolvedAt;
        uint8 status;
    }

    /// @notice What the portal says of games: the one type it respects, and since when.
    struct Respect {
        uint32 gameType;
        uint64 updatedAt;
    }

    /// @notice Immutables of the portal, in seconds.
    /// @param finality `disputeGameFinalityDelaySeconds`: a resolved game may be blacklisted for so long
    /// @param maturity `proofMaturityDelaySeconds`: a withdrawal waits so long after it was shown to the portal
    struct Delays {
        uint256 finality;
        uint256 maturity;
    }

    /// @notice The game is not resolved (0), or its challenger won (1).
    error NotDefended(uint8 status);
    /// @notice The portal respects games of another type.
    error NotRespected(uint32 gameType, uint32 respected);
    /// @notice The game is older than the portal's last word on the type it respects.
    error Retired(uint64 createdAt, uint64 updatedAt);
    /// @notice At `time` the game could still be blacklisted, or no withdrawal could have waited long enough: it is
    /// settled after `after_`.
    error NotYetSettled(uint256 time, uint256 after_);
    /// @notice The guardian has blacklisted the game.
    error Blacklisted(address game);
    /// @notice The guardian has paused withdrawals.
    error Paused();

    /// @dev `GameStatus.DEFENDER_WINS`.
    uint8 internal constant DEFENDER_WINS = 2;

    /// @notice Returns if the game is settled at `time`. Blacklist and pause are left to the caller.
    /// @custom:throws NotDefended, NotRespected, Retired, NotYetSettled
    function check(Game memory game, Respect memory respect, Delays memory delays, uint256 time) internal pure {
        if (game.status != DEFENDER_WINS) revert NotDefended(game.status);
        if (game.gameType != respect.gameType) revert NotRespected(game.gameType, respect.gameType);
        if (game.createdAt < respect.updatedAt) revert Retired(game.createdAt, respect.updatedAt);

        uint256 settled = uint256(game.resolvedAt) + delays.finality;
        // A withdrawal is shown to the portal one second after the game is created, or later.
        uint256 matured = uint256(game.createdAt) + 1 + delays.maturity;
        if (matured > settled) settled = matured;
        if (time <= settled) revert NotYetSettled(time, settled);
    }
}
