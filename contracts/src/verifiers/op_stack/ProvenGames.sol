// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ISettledRule} from "../../interfaces/ISettledRule.sol";
import {Packed} from "../../libraries/Packed.sol";
import {StateProof} from "../../libraries/StateProof.sol";
import {ProofError} from "../../libraries/Trie.sol";
import {PinnedProxy} from "../PinnedProxy.sol";
import {GameClone} from "./GameClone.sol";
import {OutputRoot} from "./OutputRoot.sol";
import {SuperchainPause} from "./SuperchainPause.sol";
import {WithdrawalRule} from "./WithdrawalRule.sol";

/// @title Settled state roots of an OP-Stack chain with dispute games, by proof
/// @notice The portal's rule for withdrawals, read from the storage of its contracts in one L1 block. For
/// contracts-bedrock 0.17.3: OptimismPortal2 3.10.0, DisputeGameFactory 1.0.0, FaultDisputeGame 1.2.0,
/// SuperchainConfig 1.1.0.
///
/// The clock is that block's, never this chain's: else a game would age past a blacklisting that an older L1 state
/// does not show. Slots mean what they do in the pinned implementations only, so another implementation is refused.
///
/// proof = game index u64 ‖ l2 block u64 ‖ game creator 20 ‖ L1 head 32 ‖ L2 state root 32 ‖ message passer's storage
/// root 32 ‖ L2 block hash 32 ‖ the trie proofs in the order in which {settled} reads them.
contract ProvenGames is ISettledRule {
    /// @notice Contracts of one chain on L1, and the code behind them.
    struct Pins {
        address portal;
        address portalImplementation;
        address factory;
        address factoryImplementation;
        address superchainConfig;
        address superchainConfigImplementation;
        address gameImplementation;
        uint64 finalityDelay;
        uint64 proofMaturityDelay;
    }

    /// @notice The game's code is not that of a game of the pinned implementation with this claim.
    error NotThisGame(address game, bytes32 codeHash, bytes32 expected);

    /// @dev `OptimismPortal2.disputeGameBlacklist`
    uint256 internal constant BLACKLIST = 58;
    /// @dev `OptimismPortal2.respectedGameType` u32 and, above it, `respectedGameTypeUpdatedAt` u64
    bytes32 internal constant RESPECT = bytes32(uint256(59));
    /// @dev `DisputeGameFactory._disputeGameList`: keccak256(104), where its elements begin
    uint256 internal constant GAMES = uint256(keccak256(abi.encode(uint256(104))));
    /// @dev `FaultDisputeGame`: createdAt u64, resolvedAt u64, status u8, from the lowest bit
    bytes32 internal constant GAME = bytes32(0);

    address public immutable portal;
    address public immutable portalImplementation;
    address public immutable factory;
    address public immutable factoryImplementation;
    address public immutable superchainConfig;
    address public immutable superchainConfigImplementation;
    address public immutable gameImplementation;
    uint64 public immutable finalityDelay;
    uint64 public immutable proofMaturityDelay;

    constructor(Pins memory pins) {
        portal = pins.portal;
        portalImplementation = pins.portalImplementation;
        factory = pins.factory;
        factoryImplementation = pins.factoryImplementation;
        superchainConfig = pins.superchainConfig;
        superchainConfigImplementation = pins.superchainConfigImplementation;
        gameImplementation = pins.gameImplementation;
        finalityDelay = pins.finalityDelay;
        proofMaturityDelay = pins.proofMaturityDelay;
    }

    /// @inheritdoc ISettledRule
    /// @custom:throws NotThisGame, PinnedProxy.Upgraded, StateProof.InvalidProof and what {WithdrawalRule} throws
    function settled(bytes32 anchorRoot, uint64 anchorTime, bytes calldata proof)
        external
        view
        returns (uint64 number, bytes32 stateRoot)
    {
        uint256 index;
        address game;
        bytes32 codeHash;
        (index, number, stateRoot, codeHash, proof) = _claim(proof);

        WithdrawalRule.Game memory facts;
        (game, facts.gameType, proof) = _listed(anchorRoot, index, proof);
        WithdrawalRule.Respect memory respect;
        (respect, proof) = _respected(anchorRoot, game, proof);
        proof = SuperchainPause.notPaused(anchorRoot, superchainConfig, superchainConfigImplementation, proof);
        proof = _played(anchorRoot, game, codeHash, facts, proof);
        StateProof.end(proof);

        WithdrawalRule.check(facts, respect, WithdrawalRule.Delays(finalityDelay, proofMaturityDelay), anchorTime);
    }

    /// @dev What is claimed, and the code hash that a game for it has.
    function _claim(bytes calldata proof)
        private
        view
        returns (uint256 index, uint64 number, bytes32 stateRoot, bytes32 codeHash, bytes calldata rest)
    {
        uint256 word;
        (index, rest) = Packed.number(proof, 8);
        (word, rest) = Packed.number(rest, 8);
        number = uint64(word);
        (word, rest) = Packed.number(rest, 20);
        address creator = address(uint160(word));
        bytes32 l1Head;
        (l1Head, rest) = Packed.word(rest);
        bytes32 claim;
        (claim, stateRoot, rest) = OutputRoot.read(rest);
        codeHash = GameClone.codeHash(gameImplementation, creator, claim, l1Head, number);
    }

    /// @dev The game at `index` of the factory's list, which never shrinks; past its end there is nothing to prove.
    function _listed(bytes32 anchorRoot, uint256 index, bytes calldata proof)
        private
        view
        returns (address game, uint32 gameType, bytes calldata rest)
    {
        bytes32 storageRoot;
        (storageRoot, rest) = PinnedProxy.storageRoot(anchorRoot, factory, factoryImplementation, proof);
        bytes32 element; // type u32 ‖ created u64 ‖ game 20
        // Wraps as Solidity's own array access does; the index has 64 bits.
        unchecked {
            (element, rest) = StateProof.slot(storageRoot, bytes32(GAMES + index), rest);
        }
        game = address(uint160(uint256(element)));
        gameType = uint32(uint256(element) >> 224);
    }

    /// @dev Which type the portal respects; refuses a game that it has blacklisted.
    function _respected(bytes32 anchorRoot, address game, bytes calldata proof)
        private
        view
        returns (WithdrawalRule.Respect memory respect, bytes calldata rest)
    {
        bytes32 storageRoot;
        (storageRoot, rest) = PinnedProxy.storageRoot(anchorRoot, portal, portalImplementation, proof);
        bytes32 word;
        (word, rest) = StateProof.slot(storageRoot, RESPECT, rest);
        respect = WithdrawalRule.Respect(uint32(uint256(word)), uint64(uint256(word) >> 32));
        ProofError reason;
        (rest, reason) = StateProof.tryAbsent(storageRoot, keccak256(abi.encode(game, BLACKLIST)), rest);
        if (reason == ProofError.PRESENT) revert WithdrawalRule.Blacklisted(game);
        if (reason != ProofError.NONE) revert StateProof.InvalidProof(reason);
    }

    /// @dev What became of the game.
    function _played(
        bytes32 anchorRoot,
        address game,
        bytes32 expected,
        WithdrawalRule.Game memory facts,
        bytes calldata proof
    ) private pure returns (bytes calldata rest) {
        bytes32 storageRoot;
        bytes32 codeHash;
        (storageRoot, codeHash, rest) = StateProof.account(anchorRoot, game, proof);
        if (codeHash != expected) revert NotThisGame(game, codeHash, expected);
        bytes32 word;
        (word, rest) = StateProof.slot(storageRoot, GAME, rest);
        facts.createdAt = uint64(uint256(word));
        facts.resolvedAt = uint64(uint256(word) >> 64);
        facts.status = uint8(uint256(word) >> 128);
    }
}
