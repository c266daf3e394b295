// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ISettledRule} from "../../interfaces/ISettledRule.sol";
import {BlockHeader} from "../../libraries/BlockHeader.sol";
import {StateProof} from "../../libraries/StateProof.sol";
import {PinnedProxy} from "../PinnedProxy.sol";
import {SendRoot} from "./SendRoot.sol";

/// @title Settled state roots of an Arbitrum Nitro chain, by proof
/// @notice The outbox's rule for withdrawals, read from its storage in one L1 block: a send root that stands there was
/// asserted, outlived its challenge period and was confirmed; nothing takes it away, so no clock is asked. For
/// nitro-contracts 3.2.0 (BoLD); the slot is the same since 1.0. It means what it does in the pinned implementation
/// only, so another one is refused.
///
/// proof = send root 32 ‖ length u16 ‖ L2 header (RLP) ‖ account of outbox ‖ outbox slot EIP-1967 implementation ‖
/// outbox slot keccak256(send root ‖ 3)
contract ProvenRoots is ISettledRule {
    /// @notice The outbox of one chain on L1, and the code behind it.
    struct Pins {
        address outbox;
        address outboxImplementation;
    }

    /// @dev `AbsOutbox.roots`
    uint256 internal constant ROOTS = 3;

    address public immutable outbox;
    address public immutable outboxImplementation;

    constructor(Pins memory pins) {
        outbox = pins.outbox;
        outboxImplementation = pins.outboxImplementation;
    }

    /// @inheritdoc ISettledRule
    /// @custom:throws SendRoot.NotConfirmed, PinnedProxy.Upgraded, StateProof.InvalidProof
    function settled(bytes32 anchorRoot, uint64, bytes calldata proof)
        external
        view
        returns (uint64 number, bytes32 stateRoot)
    {
        bytes32 sendRoot;
        BlockHeader.Block memory claimed;
        (sendRoot, claimed, proof) = SendRoot.read(proof);

        bytes32 storageRoot;
        (storageRoot, proof) = PinnedProxy.storageRoot(anchorRoot, outbox, outboxImplementation, proof);
        bytes32 known;
        (known, proof) = StateProof.slot(storageRoot, keccak256(abi.encode(sendRoot, ROOTS)), proof);
        StateProof.end(proof);

        SendRoot.check(sendRoot, known, claimed.hash);
        return (claimed.number, claimed.stateRoot);
    }
}
