// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRollup} from "../interfaces/IRollup.sol";
import {RoutedHead} from "../interfaces/IRoutedHeads.sol";
import {LogProof} from "../libraries/LogProof.sol";
import {Packed} from "../libraries/Packed.sol";
import {StateProof} from "../libraries/StateProof.sol";

/// @title A rollup whose contracts on L1 hold state roots
/// @notice In: a claim, which names a state root (each family's own), and storage proofs under it. Out: heads. What a
/// family brings is when such a root is settled ({_settled}), and its canonical bridge ({IRollup.deposit}).
///
/// proof = claim ‖ account 20 ‖ account trie proof ‖ n × (lane 57 ‖ kind u8 ‖ page u40 ‖ storage trie proof), n >= 1,
/// all in that account and for one chain.
abstract contract StateRooted is IRollup {
    using LogProof for LogProof.Place;

    /// @notice The log stands on another chain than the rollup, in another contract than the first, or is for another
    /// chain than the first.
    error WrongPlace(bytes32 log, uint64 chain, address account, uint64 reader);
    /// @notice There is no log in the proof.
    error NoLogs();
    /// @notice The rollup holds no state root to be settled.
    error ZeroRoot();

    /// @dev Bytes that a log takes at least: its place, and a proof of one node that spells the 64 nibbles of a key.
    uint256 internal constant LEAST_LOG = LogProof.SIZE + 3 + 34;

    /// @inheritdoc IRollup
    uint64 public immutable chain;

    constructor(uint64 rollup) {
        chain = rollup;
    }

    /// @notice The state root that the rollup's contracts hold to be settled now: what {heads} believes, for whoever
    /// wants to know before he builds proofs under it.
    /// @param claim Names it
    /// @return number Block of the rollup
    /// @return stateRoot State root of that block
    /// @custom:throws ZeroRoot, StateProof.InvalidProof and what the family's rule throws
    function settled(bytes calldata claim) external view returns (uint64 number, bytes32 stateRoot) {
        bytes calldata rest;
        (number, stateRoot, rest) = _root(claim);
        StateProof.end(rest);
    }

    /// @inheritdoc IRollup
    /// @custom:throws ZeroRoot, NoLogs, WrongPlace, StateProof.InvalidProof and what the family's rule throws
    function heads(bytes calldata proof)
        external
        view
        returns (uint64 number, uint64 destination, RoutedHead[] memory shown)
    {
        bytes32 stateRoot;
        bytes calldata rest;
        (number, stateRoot, rest) = _root(proof);
        (destination, shown) = _heads(stateRoot, rest);
    }

    /// @dev Reads a claim from the front of `proof`, and asks the rollup's contracts.
    function _settled(bytes calldata proof)
        internal
        view
        virtual
        returns (uint64 number, bytes32 stateRoot, bytes calldata rest);

    function _root(bytes calldata proof) private view returns (uint64 number, bytes32 stateRoot, bytes calldata rest) {
        (number, stateRoot, rest) = _settled(proof);
        if (stateRoot == 0) revert ZeroRoot();
    }

    /// @dev The heads that `logs` proves, and the one chain they are for.
    function _heads(bytes32 stateRoot, bytes calldata logs)
        private
        view
        returns (uint64 destination, RoutedHead[] memory shown)
    {
        (uint256 word, bytes calldata rest) = Packed.number(logs, 20);
        address account = address(uint160(word));
        bytes32 storageRoot;
        (storageRoot,, rest) = StateProof.account(stateRoot, account, rest);
        if (rest.length == 0) revert NoLogs();

        // As many as there could be; the length is set right at the end.
        shown = new RoutedHead[](rest.length / LEAST_LOG + 1);
        uint256 count;
        for (; rest.length != 0; ++count) {
            LogProof.Place memory place;
            (place, rest) = LogProof.read(rest);
            if (count == 0) destination = place.reader;
            if (place.chain != chain || place.account != account || place.reader != destination) {
                revert WrongPlace(place.log, place.chain, place.account, place.reader);
            }
            shown[count].log = place.log;
            (shown[count].head, rest) = place.head(storageRoot, rest);
        }
        // Only ever shorter: each head took LEAST_LOG bytes or more.
        assembly ("memory-safe") {
            mstore(shown, count)
        }
    }
}
