// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {WithdrawalRule} from "./WithdrawalRule.sol";

/// @title When a dispute game is settled, where an AnchorStateRegistry judges games
/// @notice `OptimismPortal2.checkWithdrawal` 4.6.0 with `AnchorStateRegistry.isGameClaimValid` 3.5.0, without the
/// withdrawal: what they ask of the game. Other than before ({WithdrawalRule}), a game must have been of the respected
/// type when it was created, whatever is respected now, and the guardian retires games by date. One text for
/// {ProvenRegistry}, which reads the facts by proof, and {LiveRegistry}, which reads them by call.
library RegistryRule {
    /// @notice A game, what it says of itself, and what the registry says.
    /// @param respected Whether the game says that its type was respected when it was created
    /// @param retirement `retirementTimestamp` of the registry: games created until then are retired
    struct Facts {
        address game;
        WithdrawalRule.Game play;
        bool respected;
        uint64 retirement;
    }

    /// @notice The registry respected games of another type when this one was created.
    error NotRespectedWhenCreated(address game);

    /// @notice Returns if the game is settled at `time`. Blacklist and pause are left to the caller.
    /// @custom:throws NotRespectedWhenCreated, WithdrawalRule.NotDefended, WithdrawalRule.Retired,
    /// WithdrawalRule.NotYetSettled
    function check(Facts memory facts, WithdrawalRule.Delays memory delays, uint256 time) internal pure {
        if (!facts.respected) revert NotRespectedWhenCreated(facts.game);
        if (facts.play.createdAt <= facts.retirement) {
            revert WithdrawalRule.Retired(facts.play.createdAt, facts.retirement);
        }
        // The rest is as it was: defended, and the two delays, which count from the same moments.
        WithdrawalRule.check(facts.play, WithdrawalRule.Respect(facts.play.gameType, 0), delays, time);
    }
}
