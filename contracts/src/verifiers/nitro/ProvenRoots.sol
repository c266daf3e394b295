// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ISettledRule} from "../../interfaces/ISettledRule.sol";
import {BlockHeader} from "../../libraries/BlockHeader.sol";
import {StateProof} from "../../libraries/StateProof.sol";
import {PinnedProxy} from "../PinnedProxy.sol";
import {SendRoot} from "./SendRoot.sol";

/// @title Settled state roots of an Arbitrum Nitro chain, by proof
/// @notice The outbox's rule for withdrawals, read from its storage in one L1 block: a send root that stands there was
/// asserted, outlived its challenge period and was confirmed; nothing takes it away, so no clock is asked. The bridge
/// must still allow that outbox: it pays out for no other. For nitro-contracts 3.2.0 (BoLD). Slots mean what they do in
/// the pinned implementations only, so others are refused.
///
/// proof = send root 32 ‖ length u16 ‖ L2 header (RLP) ‖ account of outbox ‖ outbox slot EIP-1967 implementation ‖
/// outbox slot keccak256(send root ‖ 3) ‖ account of bridge ‖ bridge slot EIP-1967 implementation ‖
/// bridge slot keccak256(outbox ‖ 2) + 1
contract ProvenRoots is ISettledRule {
    /// @notice The outbox of one chain on L1, the bridge that pays for it, and the code behind both.
    struct Pins {
        address outbox;
        address outboxImplementation;
        address bridge;
        address bridgeImplementation;
    }

    /// @dev `AbsOutbox.roots`
    uint256 internal constant ROOTS = 3;
    /// @dev `AbsBridge.allowedOutboxesMap`, of (index, allowed)
    uint256 internal constant OUTBOXES = 2;

    address public immutable outbox;
    address public immutable outboxImplementation;
    address public immutable bridge;
    address public immutable bridgeImplementation;

    constructor(Pins memory pins) {
        outbox = pins.outbox;
        outboxImplementation = pins.outboxImplementation;
        bridge = pins.bridge;
        bridgeImplementation = pins.bridgeImplementation;
    }

    /// @inheritdoc ISettledRule
    /// @custom:throws SendRoot.NotAllowed, SendRoot.NotConfirmed, PinnedProxy.Upgraded, StateProof.InvalidProof
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
        _requireAllowed(anchorRoot, proof);

        SendRoot.check(sendRoot, known, claimed.hash);
        return (claimed.number, claimed.stateRoot);
    }

    /// @dev Returns if the bridge pays out for the outbox. Where it does not, the word is zero, and has no proof.
    function _requireAllowed(bytes32 anchorRoot, bytes calldata proof) private view {
        bytes32 storageRoot;
        (storageRoot, proof) = PinnedProxy.storageRoot(anchorRoot, bridge, bridgeImplementation, proof);
        bytes32 allowed;
        uint256 info = uint256(keccak256(abi.encode(outbox, OUTBOXES)));
        (allowed, proof) = StateProof.slot(storageRoot, bytes32(info + 1), proof);
        StateProof.end(proof);
        if (allowed != bytes32(uint256(1))) revert SendRoot.NotAllowed(outbox);
    }
}
