// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {BridgeStandIn} from "./BridgeStandIn.sol";
import {OutboxStandIn} from "./OutboxStandIn.sol";

/// @title Stand-in for a Nitro rollup on L1
/// @notice Assertions of the L2's state, staked on and confirmed after their period, with the ABI and events of
/// Arbitrum's (BoLD). There is no dispute: of assertions with a rival, the owner confirms one by force, or none is.
contract RollupStandIn {
    using SafeERC20 for IERC20;

    struct GlobalState {
        /// @dev Hash of the L2 block, root of its sends.
        bytes32[2] bytes32Vals;
        /// @dev Batches read, messages read of the next.
        uint64[2] u64Vals;
    }

    struct AssertionState {
        GlobalState globalState;
        /// @dev 1: finished.
        uint8 machineStatus;
        bytes32 endHistoryRoot;
    }

    struct ConfigData {
        bytes32 wasmModuleRoot;
        uint256 requiredStake;
        address challengeManager;
        uint64 confirmPeriodBlocks;
        uint64 nextInboxPosition;
    }

    struct BeforeStateData {
        bytes32 prevPrevAssertionHash;
        bytes32 sequencerBatchAcc;
        ConfigData configData;
    }

    struct AssertionInputs {
        BeforeStateData beforeStateData;
        AssertionState beforeState;
        AssertionState afterState;
    }

    struct AssertionNode {
        uint64 firstChildBlock;
        uint64 secondChildBlock;
        uint64 createdAtBlock;
        bool isFirstChild;
        /// @dev 1: pending, 2: confirmed.
        uint8 status;
        bytes32 configHash;
    }

    uint8 private constant FINISHED = 1;
    uint8 private constant PENDING = 1;
    uint8 private constant CONFIRMED = 2;

    BridgeStandIn public immutable bridge;
    OutboxStandIn public immutable outbox;
    address public immutable stakeToken;
    uint256 public immutable baseStake;
    uint64 public immutable confirmPeriodBlocks;
    uint64 public immutable rollupDeploymentBlock;
    bytes32 public constant wasmModuleRoot = bytes32(uint256(1));

    address public immutable owner = msg.sender;
    bool public paused;
    bytes32 public latestConfirmed;
    bytes32 public immutable genesisAssertionHash;
    mapping(address account => bool) public isValidator;
    mapping(address account => uint256) public amountStaked;
    mapping(address account => bytes32) public latestStakedAssertion;
    mapping(bytes32 assertionHash => AssertionNode) private _assertions;

    event AssertionCreated(
        bytes32 indexed assertionHash,
        bytes32 indexed parentAssertionHash,
        AssertionInputs assertion,
        bytes32 afterInboxBatchAcc,
        uint256 inboxMaxCount,
        bytes32 wasmModuleRoot,
        uint256 requiredStake,
        address challengeManager,
        uint64 confirmPeriodBlocks
    );
    event AssertionConfirmed(bytes32 indexed assertionHash, bytes32 blockHash, bytes32 sendRoot);

    modifier onlyOwner() {
        require(msg.sender == owner, "NOT_OWNER");
        _;
    }

    modifier whenNotPaused() {
        require(!paused, "PAUSED");
        _;
    }

    constructor(
        BridgeStandIn bridge_,
        OutboxStandIn outbox_,
        address stakeToken_,
        uint256 baseStake_,
        uint64 confirmPeriodBlocks_,
        address[] memory validators
    ) {
        (bridge, outbox, stakeToken) = (bridge_, outbox_, stakeToken_);
        (baseStake, confirmPeriodBlocks) = (baseStake_, confirmPeriodBlocks_);
        rollupDeploymentBlock = uint64(block.number);
        for (uint256 i; i < validators.length; ++i) {
            isValidator[validators[i]] = true;
        }
        AssertionInputs memory genesis;
        genesis.beforeState.machineStatus = genesis.afterState.machineStatus = FINISHED;
        genesisAssertionHash = latestConfirmed = _create(0, genesis, 0, 1);
        _assertions[latestConfirmed].status = CONFIRMED;
        emit AssertionConfirmed(latestConfirmed, 0, 0);
    }

    function newStakeOnNewAssertion(uint256 amount, AssertionInputs calldata assertion, bytes32 expected) external {
        require(isValidator[msg.sender], "NOT_VALIDATOR");
        require(amountStaked[msg.sender] == 0, "ALREADY_STAKED");
        amountStaked[msg.sender] = amount;
        latestStakedAssertion[msg.sender] = latestConfirmed;
        IERC20(stakeToken).safeTransferFrom(msg.sender, address(this), amount);
        stakeOnNewAssertion(assertion, expected);
    }

    function stakeOnNewAssertion(AssertionInputs calldata assertion, bytes32 expected) public whenNotPaused {
        require(amountStaked[msg.sender] >= baseStake, "INSUFFICIENT_STAKE");
        BeforeStateData calldata before = assertion.beforeStateData;
        bytes32 parent =
            computeAssertionHash(before.prevPrevAssertionHash, assertion.beforeState, before.sequencerBatchAcc);
        AssertionNode storage node = _assertions[parent];
        require(node.status != 0, "ASSERTION_NOT_EXIST");
        require(_configHash(before.configData) == node.configHash, "CONFIG_HASH_MISMATCH");
        bytes32 last = latestStakedAssertion[msg.sender];
        require(last == parent || _assertions[last].firstChildBlock != 0, "STAKED_ON_ANOTHER_BRANCH");

        GlobalState calldata state = assertion.afterState.globalState;
        uint64 position = state.u64Vals[0];
        uint256 available = bridge.sequencerMessageCount();
        require(assertion.afterState.machineStatus == FINISHED, "BAD_AFTER_STATUS");
        require(position == before.configData.nextInboxPosition && state.u64Vals[1] == 0, "INBOX_TOO_FAR");
        require(position <= available, "INBOX_NOT_POPULATED");

        bytes32 created = _create(
            parent,
            assertion,
            bridge.sequencerInboxAccs(position - 1),
            position == available ? available + 1 : available
        );
        require(expected == 0 || expected == created, "UNEXPECTED_ASSERTION_HASH");
        latestStakedAssertion[msg.sender] = created;
    }

    function confirmAssertion(
        bytes32 assertionHash,
        bytes32 prevAssertionHash,
        AssertionState calldata confirmState,
        bytes32,
        ConfigData calldata prevConfig,
        bytes32 inboxAcc
    ) external whenNotPaused {
        require(isValidator[msg.sender], "NOT_VALIDATOR");
        AssertionNode storage node = _assertions[assertionHash];
        require(_configHash(prevConfig) == _assertions[prevAssertionHash].configHash, "CONFIG_HASH_MISMATCH");
        require(block.number >= node.createdAtBlock + prevConfig.confirmPeriodBlocks, "BEFORE_DEADLINE");
        require(prevAssertionHash == latestConfirmed, "PREV_NOT_LATEST_CONFIRMED");
        require(_assertions[prevAssertionHash].secondChildBlock == 0, "NOT_WINNER");
        _confirm(assertionHash, prevAssertionHash, confirmState, inboxAcc);
    }

    /// @notice The owner, while paused: whatever the clocks and rivals say.
    function forceConfirmAssertion(
        bytes32 assertionHash,
        bytes32 prevAssertionHash,
        AssertionState calldata confirmState,
        bytes32 inboxAcc
    ) external onlyOwner {
        require(paused, "NOT_PAUSED");
        _confirm(assertionHash, prevAssertionHash, confirmState, inboxAcc);
    }

    function pause() external onlyOwner {
        paused = true;
    }

    function resume() external onlyOwner {
        paused = false;
    }

    function getAssertion(bytes32 assertionHash) external view returns (AssertionNode memory) {
        return _assertions[assertionHash];
    }

    function isStaked(address account) external view returns (bool) {
        return amountStaked[account] != 0;
    }

    function computeAssertionHash(bytes32 prevAssertionHash, AssertionState memory state, bytes32 inboxAcc)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(prevAssertionHash, keccak256(abi.encode(state)), inboxAcc));
    }

    function _confirm(
        bytes32 assertionHash,
        bytes32 prevAssertionHash,
        AssertionState calldata confirmState,
        bytes32 inboxAcc
    ) private {
        AssertionNode storage node = _assertions[assertionHash];
        require(node.status == PENDING, "NOT_PENDING");
        require(computeAssertionHash(prevAssertionHash, confirmState, inboxAcc) == assertionHash, "CONFIRM_DATA");
        node.status = CONFIRMED;
        latestConfirmed = assertionHash;
        bytes32[2] calldata vals = confirmState.globalState.bytes32Vals;
        outbox.updateSendRoot(vals[1], vals[0]);
        emit AssertionConfirmed(assertionHash, vals[0], vals[1]);
    }

    function _create(bytes32 parent, AssertionInputs memory assertion, bytes32 batchAcc, uint256 inboxMaxCount)
        private
        returns (bytes32 created)
    {
        created = computeAssertionHash(parent, assertion.afterState, batchAcc);
        AssertionNode storage node = _assertions[created];
        require(node.status == 0, "ASSERTION_SEEN");
        ConfigData memory config =
            ConfigData(wasmModuleRoot, baseStake, address(0), confirmPeriodBlocks, uint64(inboxMaxCount));
        AssertionNode storage above = _assertions[parent];
        node.isFirstChild = above.firstChildBlock == 0;
        node.createdAtBlock = uint64(block.number);
        node.status = PENDING;
        node.configHash = _configHash(config);
        if (node.isFirstChild) above.firstChildBlock = uint64(block.number);
        else if (above.secondChildBlock == 0) above.secondChildBlock = uint64(block.number);
        emit AssertionCreated(
            created,
            parent,
            assertion,
            batchAcc,
            inboxMaxCount,
            wasmModuleRoot,
            baseStake,
            address(0),
            confirmPeriodBlocks
        );
    }

    function _configHash(ConfigData memory config) private pure returns (bytes32) {
        return keccak256(abi.encode(config));
    }
}
