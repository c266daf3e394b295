// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BridgeStandIn} from "./BridgeStandIn.sol";

/// @title Stand-in for a Nitro outbox on L1
/// @notice Confirmed roots of sends, and the payment of each send once, with the ABI, events and slots of Arbitrum's
/// outbox: `roots` is slot 3, which others prove. Stands behind an ERC-1967 proxy, as there.
contract OutboxStandIn {
    /// @dev Who speaks during a call, for {l2ToL1Sender} and its like.
    struct Context {
        address sender;
        uint256 l2Block;
        uint256 l1Block;
        uint256 timestamp;
        bytes32 outputId;
    }

    address public rollup;
    BridgeStandIn public bridge;
    /// @notice 256 sends a word.
    mapping(uint256 word => bytes32) public spent;
    /// @notice Block of the L2 at whose end a root of sends was that, by root.
    mapping(bytes32 sendRoot => bytes32 blockHash) public roots;
    Context private _context;

    event SendRootUpdated(bytes32 indexed outputRoot, bytes32 indexed l2BlockHash);
    event OutBoxTransactionExecuted(
        address indexed to, address indexed l2Sender, uint256 indexed zero, uint256 transactionIndex
    );

    error NotRollup(address sender, address rollup);
    error ProofTooLong(uint256 proofLength);
    error PathNotMinimal(uint256 index, uint256 maxIndex);
    error UnknownRoot(bytes32 root);
    error AlreadySpent(uint256 index);
    error BridgeCallFailed();

    /// @notice Once, by whoever deploys.
    function initialize(BridgeStandIn bridge_, address rollup_) external {
        require(rollup == address(0), "already initialized");
        (bridge, rollup) = (bridge_, rollup_);
    }

    function updateSendRoot(bytes32 root, bytes32 l2BlockHash) external {
        require(msg.sender == rollup, NotRollup(msg.sender, rollup));
        roots[root] = l2BlockHash;
        emit SendRootUpdated(root, l2BlockHash);
    }

    function executeTransaction(
        bytes32[] calldata proof,
        uint256 index,
        address l2Sender,
        address to,
        uint256 l2Block,
        uint256 l1Block,
        uint256 l2Timestamp,
        uint256 value,
        bytes calldata data
    ) external {
        bytes32 item = calculateItemHash(l2Sender, to, l2Block, l1Block, l2Timestamp, value, data);
        _spend(proof, index, item);
        emit OutBoxTransactionExecuted(to, l2Sender, 0, index);

        Context memory previous = _context;
        _context = Context(l2Sender, l2Block, l1Block, l2Timestamp, bytes32(index));
        (bool success, bytes memory answer) = bridge.executeCall(to, value, data);
        if (!success) {
            if (answer.length == 0) revert BridgeCallFailed();
            // The callee's own reason, which lies behind its length word.
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        _context = previous;
    }

    function isSpent(uint256 index) public view returns (bool) {
        return uint256(spent[index >> 8]) >> (index & 255) & 1 == 1;
    }

    function l2ToL1Sender() external view returns (address) {
        return _context.sender;
    }

    function l2ToL1Block() external view returns (uint256) {
        return _context.l2Block;
    }

    function l2ToL1EthBlock() external view returns (uint256) {
        return _context.l1Block;
    }

    function l2ToL1Timestamp() external view returns (uint256) {
        return _context.timestamp;
    }

    function l2ToL1OutputId() external view returns (bytes32) {
        return _context.outputId;
    }

    function calculateItemHash(
        address l2Sender,
        address to,
        uint256 l2Block,
        uint256 l1Block,
        uint256 l2Timestamp,
        uint256 value,
        bytes calldata data
    ) public pure returns (bytes32) {
        return keccak256(abi.encodePacked(l2Sender, to, l2Block, l1Block, l2Timestamp, value, data));
    }

    /// @notice Root that the nodes beside an item's way lead to.
    function calculateMerkleRoot(bytes32[] memory proof, uint256 path, bytes32 item)
        public
        pure
        returns (bytes32 root)
    {
        root = keccak256(abi.encodePacked(item));
        for (uint256 level; level < proof.length; ++level) {
            bytes32 beside = proof[level];
            root = path >> level & 1 == 1
                ? keccak256(abi.encodePacked(beside, root))
                : keccak256(abi.encodePacked(root, beside));
        }
    }

    function _spend(bytes32[] memory proof, uint256 index, bytes32 item) private {
        require(proof.length < 256, ProofTooLong(proof.length));
        require(index >> proof.length == 0, PathNotMinimal(index, uint256(1) << proof.length));
        bytes32 root = calculateMerkleRoot(proof, index, item);
        require(roots[root] != 0, UnknownRoot(root));
        require(!isSpent(index), AlreadySpent(index));
        spent[index >> 8] |= bytes32(uint256(1) << (index & 255));
    }
}
