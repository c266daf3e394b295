// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IGuard} from "./interfaces/IGuard.sol";
import {IHeads} from "./interfaces/IHeads.sol";
import {IPausable} from "./interfaces/IPausable.sol";
import {Lane} from "./types/Lane.sol";

/// @title Guard
/// @notice Who may stop what; the manual is {IGuard}.
contract Guard is IGuard, Ownable {
    /// @inheritdoc IGuard
    IHeads public heads;
    /// @inheritdoc IGuard
    mapping(address account => bool) public isGuardian;

    modifier onlyGuardian() {
        require(isGuardian[msg.sender], NotGuardian(msg.sender));
        _;
    }

    constructor(address owner) Ownable(owner) {}

    /// @inheritdoc IGuard
    function bind(IHeads registry) external onlyOwner {
        require(address(heads) == address(0), AlreadyBound(address(heads)));
        require(address(registry).code.length != 0, NotAContract(address(registry)));
        heads = registry;
        emit Bound(address(registry));
    }

    /// @inheritdoc IGuard
    function setGuardian(address account, bool guardian) external onlyOwner {
        isGuardian[account] = guardian;
        emit GuardianSet(account, guardian);
    }

    /// @inheritdoc IGuard
    function pauseLane(Lane calldata lane) external onlyGuardian {
        bool here = lane.destination == block.chainid;
        require(here || lane.origin == block.chainid, ForeignLane(lane));

        bytes32 log = here ? lane.log() : lane.receiptLog();
        // Settled evidence on receipts stays: a refund proven by the rollup's own rule is nobody's to stop.
        _heads().halt(log, !here);
        emit LanePaused(log, msg.sender);
    }

    /// @inheritdoc IGuard
    function pauseVerifier(uint8 number) external onlyGuardian {
        _heads().suspend(number);
        emit VerifierPaused(number, msg.sender);
    }

    /// @inheritdoc IGuard
    function pauseAsset(IPausable asset) external onlyGuardian {
        asset.pause();
        emit AssetPaused(address(asset), msg.sender);
    }

    function _heads() private view returns (IHeads registry) {
        registry = heads;
        require(address(registry) != address(0), NotBound());
    }
}
