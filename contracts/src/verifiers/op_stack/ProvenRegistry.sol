// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ISettledRule} from "../../interfaces/ISettledRule.sol";
import {Packed} from "../../libraries/Packed.sol";
import {StateProof} from "../../libraries/StateProof.sol";
import {ProofError} from "../../libraries/Trie.sol";
import {PinnedProxy} from "../PinnedProxy.sol";
import {GameClone} from "./GameClone.sol";
import {OutputRoot} from "./OutputRoot.sol";
import {RegistryRule} from "./RegistryRule.sol";
import {WithdrawalRule} from "./WithdrawalRule.sol";

/// @title Settled state roots of an OP-Stack chain with an AnchorStateRegistry, by proof
/// @notice For portals since 4.0: OptimismPortal2 4.6.0, AnchorStateRegistry 3.5.0, DisputeGameFactory 1.2.0,
/// SuperchainConfig 2.3.0, FaultDisputeGame and PermissionedDisputeGame 1.7.0 (mid-2025). {ProvenGames} says what is
/// the same: one L1 block, its clock, and pinned implementations. A pause counts until it is lifted, also past the time
/// at which it would lapse by itself. The portal can be given another registry (and lockbox, by which the chain is
/// paused) without an upgrade, and then nobody watches over the games of the old one; so it is asked which one it has.
///
/// proof = game index u64 ‖ l2 block u64 ‖ game creator 20 ‖ L1 head 32 ‖ L2 state root 32 ‖ message passer's storage
/// root 32 ‖ L2 block hash 32 ‖ the trie proofs in the order in which {settled} reads them.
contract ProvenRegistry is ISettledRule {
    /// @notice Contracts of one chain on L1, and the code behind them.
    /// @param pauseIdentifier What the chain is paused by, beside the superchain: its ETH lockbox, or its portal
    /// @param finalityDelay `disputeGameFinalityDelaySeconds` of the registry, an immutable
    /// @param proofMaturityDelay `proofMaturityDelaySeconds` of the portal, an immutable
    struct Pins {
        address portal;
        address portalImplementation;
        address factory;
        address factoryImplementation;
        address registry;
        address registryImplementation;
        address superchainConfig;
        address superchainConfigImplementation;
        address gameImplementation;
        address pauseIdentifier;
        uint64 finalityDelay;
        uint64 proofMaturityDelay;
    }

    /// @notice The game's code is not that of a game of the pinned implementation with this claim.
    error NotThisGame(address game, bytes32 codeHash, bytes32 expected);
    /// @notice The portal goes by another registry than the pinned one: it was migrated.
    error NotThisRegistry(bytes32 registry, address pinned);

    /// @dev `OptimismPortal2.anchorStateRegistry`
    bytes32 internal constant REGISTRY = bytes32(uint256(62));
    /// @dev `DisputeGameFactory._disputeGameList`: keccak256(104), where its elements begin
    uint256 internal constant GAMES = uint256(keccak256(abi.encode(uint256(104))));
    /// @dev `AnchorStateRegistry.disputeGameBlacklist`
    uint256 internal constant BLACKLIST = 5;
    /// @dev `AnchorStateRegistry`: respectedGameType u32 and, above it, retirementTimestamp u64
    bytes32 internal constant RETIREMENT = bytes32(uint256(6));
    /// @dev `SuperchainConfig.pauseTimestamps`, by identifier; the superchain's own is zero
    uint256 internal constant PAUSES = 1;
    /// @dev `FaultDisputeGame`: createdAt u64, resolvedAt u64, status u8, from the lowest bit
    bytes32 internal constant GAME = bytes32(0);
    /// @dev `FaultDisputeGame.wasRespectedGameTypeWhenCreated`
    bytes32 internal constant RESPECTED = bytes32(uint256(10));

    address public immutable portal;
    address public immutable portalImplementation;
    address public immutable factory;
    address public immutable factoryImplementation;
    address public immutable registry;
    address public immutable registryImplementation;
    address public immutable superchainConfig;
    address public immutable superchainConfigImplementation;
    address public immutable gameImplementation;
    address public immutable pauseIdentifier;
    uint64 public immutable finalityDelay;
    uint64 public immutable proofMaturityDelay;

    constructor(Pins memory pins) {
        portal = pins.portal;
        portalImplementation = pins.portalImplementation;
        factory = pins.factory;
        factoryImplementation = pins.factoryImplementation;
        registry = pins.registry;
        registryImplementation = pins.registryImplementation;
        superchainConfig = pins.superchainConfig;
        superchainConfigImplementation = pins.superchainConfigImplementation;
        gameImplementation = pins.gameImplementation;
        pauseIdentifier = pins.pauseIdentifier;
        finalityDelay = pins.finalityDelay;
        proofMaturityDelay = pins.proofMaturityDelay;
    }

    /// @inheritdoc ISettledRule
    /// @custom:throws NotThisGame, NotThisRegistry, PinnedProxy.Upgraded, StateProof.InvalidProof and what
    /// {RegistryRule} and {WithdrawalRule} throw
    function settled(bytes32 anchorRoot, uint64 anchorTime, bytes calldata proof)
        external
        view
        returns (uint64 number, bytes32 stateRoot)
    {
        uint256 index;
        bytes32 codeHash;
        (index, number, stateRoot, codeHash, proof) = _claim(proof);

        RegistryRule.Facts memory facts;
        proof = _listed(anchorRoot, index, facts, proof);
        proof = _registered(anchorRoot, facts, proof);
        proof = _believed(anchorRoot, proof);
        proof = _notPaused(anchorRoot, proof);
        proof = _played(anchorRoot, codeHash, facts, proof);
        StateProof.end(proof);

        RegistryRule.check(facts, WithdrawalRule.Delays(finalityDelay, proofMaturityDelay), anchorTime);
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
    function _listed(bytes32 anchorRoot, uint256 index, RegistryRule.Facts memory facts, bytes calldata proof)
        private
        view
        returns (bytes calldata rest)
    {
        bytes32 storageRoot;
        (storageRoot, rest) = PinnedProxy.storageRoot(anchorRoot, factory, factoryImplementation, proof);
        bytes32 element; // type u32 ‖ created u64 ‖ game 20
        // Wraps as Solidity's own array access does; the index has 64 bits.
        unchecked {
            (element, rest) = StateProof.slot(storageRoot, bytes32(GAMES + index), rest);
        }
        facts.game = address(uint160(uint256(element)));
        facts.play.gameType = uint32(uint256(element) >> 224);
    }

    /// @dev Until when games are retired; refuses a game that the registry has blacklisted.
    function _registered(bytes32 anchorRoot, RegistryRule.Facts memory facts, bytes calldata proof)
        private
        view
        returns (bytes calldata rest)
    {
        bytes32 storageRoot;
        (storageRoot, rest) = PinnedProxy.storageRoot(anchorRoot, registry, registryImplementation, proof);
        bytes32 word;
        (word, rest) = StateProof.slot(storageRoot, RETIREMENT, rest);
        facts.retirement = uint64(uint256(word) >> 32);
        ProofError reason;
        (rest, reason) = StateProof.tryAbsent(storageRoot, keccak256(abi.encode(facts.game, BLACKLIST)), rest);
        if (reason == ProofError.PRESENT) revert WithdrawalRule.Blacklisted(facts.game);
        if (reason != ProofError.NONE) revert StateProof.InvalidProof(reason);
    }

    /// @dev The portal goes by the pinned registry. Its delay is part of its code.
    function _believed(bytes32 anchorRoot, bytes calldata proof) private view returns (bytes calldata rest) {
        bytes32 storageRoot;
        (storageRoot, rest) = PinnedProxy.storageRoot(anchorRoot, portal, portalImplementation, proof);
        bytes32 named;
        (named, rest) = StateProof.slot(storageRoot, REGISTRY, rest);
        if (named != bytes32(uint256(uint160(registry)))) revert NotThisRegistry(named, registry);
    }

    /// @dev Neither the superchain is paused nor this chain alone.
    function _notPaused(bytes32 anchorRoot, bytes calldata proof) private view returns (bytes calldata rest) {
        bytes32 storageRoot;
        (storageRoot, rest) =
            PinnedProxy.storageRoot(anchorRoot, superchainConfig, superchainConfigImplementation, proof);
        ProofError reason;
        for (uint256 i; i < 2; ++i) {
            address identifier = i == 0 ? address(0) : pauseIdentifier;
            (rest, reason) = StateProof.tryAbsent(storageRoot, keccak256(abi.encode(identifier, PAUSES)), rest);
            if (reason == ProofError.PRESENT) revert WithdrawalRule.Paused();
            if (reason != ProofError.NONE) revert StateProof.InvalidProof(reason);
        }
    }

    /// @dev What became of the game, and whether its type was respected when it was created.
    function _played(bytes32 anchorRoot, bytes32 expected, RegistryRule.Facts memory facts, bytes calldata proof)
        private
        pure
        returns (bytes calldata rest)
    {
        bytes32 storageRoot;
        bytes32 codeHash;
        (storageRoot, codeHash, rest) = StateProof.account(anchorRoot, facts.game, proof);
        if (codeHash != expected) revert NotThisGame(facts.game, codeHash, expected);
        bytes32 word;
        (word, rest) = StateProof.slot(storageRoot, GAME, rest);
        facts.play.createdAt = uint64(uint256(word));
        facts.play.resolvedAt = uint64(uint256(word) >> 64);
        facts.play.status = uint8(uint256(word) >> 128);
        ProofError reason;
        (word, rest, reason) = StateProof.trySlot(storageRoot, RESPECTED, rest);
        // Where the whole slot is zero there is no flag: the trie does not hold it, or holds rlp(0), as anvil's does.
        if (reason == ProofError.ABSENT || reason == ProofError.BAD_VALUE) return rest;
        if (reason != ProofError.NONE) revert StateProof.InvalidProof(reason);
        // The bytes above the flag belong to others.
        facts.respected = uint8(uint256(word)) != 0;
    }
}
