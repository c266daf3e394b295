// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ISettledRule} from "../../interfaces/ISettledRule.sol";
import {Packed} from "../../libraries/Packed.sol";
import {StateProof} from "../../libraries/StateProof.sol";
import {PinnedProxy} from "../PinnedProxy.sol";
import {OutputRoot} from "./OutputRoot.sol";
import {SuperchainPause} from "./SuperchainPause.sol";
import {WithdrawalRule} from "./WithdrawalRule.sol";

/// @title Settled state roots of an OP-Stack chain with an output oracle, by proof
/// @notice For chains from before dispute games: L2OutputOracle 1.8.0 (contracts-bedrock 0.17.3), whose challenger may
/// delete an output until its finalization period is over. A deleted output stays in storage, beyond the list's end;
/// so the length is proven too, and the clock is that of the one L1 block. See {ProvenGames} for what is the same.
/// An oracle outlives its era: once the portal has left it nobody deletes what is false there, so the portal
/// (OptimismPortal 2.8.1) is asked which oracle it has.
///
/// proof = output index u64 ‖ L2 state root 32 ‖ message passer's storage root 32 ‖ L2 block hash 32 ‖ the trie proofs
/// in the order in which {settled} reads them.
contract ProvenOutputs is ISettledRule {
    /// @notice Contracts of one chain on L1, and the code behind them.
    struct Pins {
        address oracle;
        address oracleImplementation;
        address superchainConfig;
        address superchainConfigImplementation;
        address portal;
        address portalImplementation;
    }

    /// @notice The oracle's list ends before this output: it was deleted, or never there.
    error Deleted(uint256 index, uint256 length);
    /// @notice The oracle has another output root at this index.
    error NotThisOutput(uint256 index, bytes32 outputRoot, bytes32 expected);
    /// @notice The portal goes by another oracle than the pinned one.
    error NotThisOracle(bytes32 oracle, address pinned);

    /// @dev `L2OutputOracle.l2Outputs`: its length
    bytes32 internal constant LENGTH = bytes32(uint256(3));
    /// @dev keccak256(3), where its elements begin: output root 32, then timestamp u128 and, above it, L2 block u128
    uint256 internal constant OUTPUTS = uint256(keccak256(abi.encode(uint256(3))));
    /// @dev `L2OutputOracle.finalizationPeriodSeconds`
    bytes32 internal constant PERIOD = bytes32(uint256(8));
    /// @dev `OptimismPortal.l2Oracle`
    bytes32 internal constant ORACLE = bytes32(uint256(54));

    address public immutable oracle;
    address public immutable oracleImplementation;
    address public immutable superchainConfig;
    address public immutable superchainConfigImplementation;
    address public immutable portal;
    address public immutable portalImplementation;

    constructor(Pins memory pins) {
        oracle = pins.oracle;
        oracleImplementation = pins.oracleImplementation;
        superchainConfig = pins.superchainConfig;
        superchainConfigImplementation = pins.superchainConfigImplementation;
        portal = pins.portal;
        portalImplementation = pins.portalImplementation;
    }

    /// @inheritdoc ISettledRule
    /// @custom:throws Deleted, NotThisOutput, NotThisOracle, PinnedProxy.Upgraded, WithdrawalRule.NotYetSettled,
    /// WithdrawalRule.Paused, StateProof.InvalidProof
    function settled(bytes32 anchorRoot, uint64 anchorTime, bytes calldata proof)
        external
        view
        returns (uint64 number, bytes32 stateRoot)
    {
        uint256 index;
        bytes32 expected;
        (index, proof) = Packed.number(proof, 8);
        (expected, stateRoot, proof) = OutputRoot.read(proof);

        bytes32 storageRoot;
        (storageRoot, proof) = PinnedProxy.storageRoot(anchorRoot, oracle, oracleImplementation, proof);
        bytes32 word;
        (word, proof) = StateProof.slot(storageRoot, LENGTH, proof);
        if (index >= uint256(word)) revert Deleted(index, uint256(word));
        uint256 ready;
        (number, ready, proof) = _output(storageRoot, index, expected, proof);
        proof = SuperchainPause.notPaused(anchorRoot, superchainConfig, superchainConfigImplementation, proof);
        proof = _believed(anchorRoot, proof);
        StateProof.end(proof);

        if (anchorTime <= ready) revert WithdrawalRule.NotYetSettled(anchorTime, ready);
    }

    /// @dev The portal goes by the pinned oracle.
    function _believed(bytes32 anchorRoot, bytes calldata proof) private view returns (bytes calldata rest) {
        bytes32 storageRoot;
        (storageRoot, rest) = PinnedProxy.storageRoot(anchorRoot, portal, portalImplementation, proof);
        bytes32 named;
        (named, rest) = StateProof.slot(storageRoot, ORACLE, rest);
        if (named != bytes32(uint256(uint160(oracle)))) revert NotThisOracle(named, oracle);
    }

    /// @dev L2 block of the output at `index`, and the last second of its finalization period.
    function _output(bytes32 storageRoot, uint256 index, bytes32 expected, bytes calldata proof)
        private
        pure
        returns (uint64 number, uint256 ready, bytes calldata rest)
    {
        bytes32 word;
        // Wraps as Solidity's own array access does; the index has 64 bits.
        unchecked {
            (word, rest) = StateProof.slot(storageRoot, bytes32(OUTPUTS + 2 * index), proof);
            if (word != expected) revert NotThisOutput(index, word, expected);
            (word, rest) = StateProof.slot(storageRoot, bytes32(OUTPUTS + 2 * index + 1), rest);
        }
        number = uint64(uint256(word) >> 128);
        ready = uint128(uint256(word));
        (word, rest) = StateProof.slot(storageRoot, PERIOD, rest);
        ready += uint256(word);
    }
}
