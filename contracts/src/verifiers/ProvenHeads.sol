// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../interfaces/ICheckpoints.sol";
import {IProvenHeads} from "../interfaces/IProvenHeads.sol";
import {ISettledRule} from "../interfaces/ISettledRule.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {BlockHeader} from "../libraries/BlockHeader.sol";
import {LaneLog} from "../libraries/LaneLog.sol";
import {LogProof} from "../libraries/LogProof.sol";
import {Packed} from "../libraries/Packed.sol";
import {StateProof} from "../libraries/StateProof.sol";

/// @title Heads proven by storage
/// @notice See {IProvenHeads}.
contract ProvenHeads is IProvenHeads {
    using LogProof for LogProof.Place;

    uint256 private constant CACHED = 0;
    uint256 private constant INLINE = 1;

    /// @inheritdoc IProvenHeads
    uint64 public immutable chain;
    /// @inheritdoc IProvenHeads
    ICheckpoints public immutable checkpoints;
    /// @inheritdoc IProvenHeads
    ISettledRule public immutable rule;

    /// @inheritdoc IProvenHeads
    mapping(address account => mapping(uint64 number => bytes32)) public storageRootOf;

    constructor(uint64 remote, ICheckpoints anchor, ISettledRule settlement) {
        chain = remote;
        checkpoints = anchor;
        rule = settlement;
    }

    /// @inheritdoc IProvenHeads
    function prove(bytes calldata rootProof, address account) external returns (uint64 number, bytes32 storageRoot) {
        bytes calldata rest;
        (number, storageRoot, rest) = _prove(rootProof, account);
        StateProof.end(rest);

        bytes32 known = storageRootOf[account][number];
        if (known == storageRoot) return (number, storageRoot);
        if (known != 0) revert RootsDiffer(account, number, known, storageRoot);
        storageRootOf[account][number] = storageRoot;
        emit RootProven(account, number, storageRoot);
    }

    /// @inheritdoc IVerifier
    function verify(bytes32 log, bytes32 head, uint64 count, bytes calldata proof) external view {
        (uint256 mode, bytes calldata rest) = Packed.number(proof, 1);
        LogProof.Place memory place;
        (place, rest) = LogProof.read(rest);
        if (place.chain != chain) revert WrongChain(place.chain, chain);
        if (place.log != log) revert WrongLog(place.log, log);
        if (place.page != 0 && place.page * LaneLog.PAGE != count) revert WrongCount(place.page, count);

        bytes32 storageRoot;
        if (mode == CACHED) (storageRoot, rest) = _known(rest, place.account);
        else if (mode == INLINE) (, storageRoot, rest) = _prove(rest, place.account);
        else revert UnknownMode(uint8(mode));

        bytes32 proven;
        (proven, rest) = place.head(storageRoot, rest);
        StateProof.end(rest);
        if (proven != head) revert WrongHead(proven, head);
    }

    /// @dev A storage root proven before, for l2 block u64.
    function _known(bytes calldata data, address account)
        private
        view
        returns (bytes32 storageRoot, bytes calldata rest)
    {
        uint256 number;
        (number, rest) = Packed.number(data, 8);
        storageRoot = storageRootOf[account][uint64(number)];
        if (storageRoot == 0) revert UnknownRoot(account, uint64(number));
    }

    /// @dev From a known L1 block to a storage root on the remote chain.
    function _prove(bytes calldata data, address account)
        private
        view
        returns (uint64 number, bytes32 storageRoot, bytes calldata rest)
    {
        uint256 size;
        bytes calldata part;
        (size, rest) = Packed.number(data, 2);
        (part, rest) = Packed.take(rest, size);
        BlockHeader.Block memory anchor = BlockHeader.read(part);
        if (!checkpoints.isKnown(anchor.number, anchor.hash)) revert UnknownL1Block(anchor.number, anchor.hash);

        (size, rest) = Packed.number(rest, 3);
        (part, rest) = Packed.take(rest, size);
        bytes32 stateRoot;
        (number, stateRoot) = rule.settled(anchor.stateRoot, anchor.timestamp, part);
        (storageRoot,, rest) = StateProof.account(stateRoot, account, rest);
    }
}
