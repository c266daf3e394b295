// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ArbOS} from "./ArbOS.sol";
import {ArbRetryableTx} from "./ArbRetryableTx.sol";
import {System} from "./System.sol";

/// @title ArbSys, emulated
/// @notice Sends to L1 and their accumulator, with ArbSys' interface and events, at 0x64. On an anvil, where the opcode
/// NUMBER gives the L2's block; the ether that was sent stays here, which ArbOS would burn.
contract ArbSys {
    uint160 private constant ALIAS_OFFSET = uint160(0x1111000000000000000000000000000000001111);
    /// @dev ArbOS reports its version behind the last one of the classic Arbitrum.
    uint256 private constant CLASSIC_VERSIONS = 55;
    uint256 private constant VERSION = 40;

    uint256 private _size;
    /// @dev Root of the full subtree of 2^level leaves that no right one has joined yet; zero: there is none.
    mapping(uint256 level => bytes32) private _partials;
    /// @notice Leaf at a position, for {NodeInterface}, whose real one reads the events of the chain.
    mapping(uint256 position => bytes32) public leaf;

    event L2ToL1Tx(
        address caller,
        address indexed destination,
        uint256 indexed hash,
        uint256 indexed position,
        uint256 arbBlockNum,
        uint256 ethBlockNum,
        uint256 timestamp,
        uint256 callvalue,
        bytes data
    );
    event SendMerkleUpdate(uint256 indexed reserved, bytes32 indexed hash, uint256 indexed position);

    error InvalidBlockNumber(uint256 requested, uint256 current);

    function withdrawEth(address destination) external payable returns (uint256) {
        return _send(destination, "");
    }

    function sendTxToL1(address destination, bytes calldata data) external payable returns (uint256) {
        return _send(destination, data);
    }

    /// @notice Number of sends, root of their tree, and the subtrees that it is made of. The real one answers only to
    /// the zero address.
    function sendMerkleTreeState() external view returns (uint256 size, bytes32 root, bytes32[] memory partials) {
        size = _size;
        uint256 levels = _levels(size);
        partials = new bytes32[](levels);
        bool begun;
        // Upwards: where there is no right side yet, a zero word stands for it. The highest subtree is never missing.
        for (uint256 level; level < levels; ++level) {
            bytes32 left = partials[level] = _partials[level];
            if (begun) root = left == 0 ? _node(root, 0) : _node(left, root);
            else if (left != 0) root = (begun = true) && level + 1 < levels ? _node(left, 0) : left;
        }
    }

    function arbBlockNumber() external view returns (uint256) {
        return block.number;
    }

    function arbBlockHash(uint256 number) external view returns (bytes32) {
        require(number < block.number && number + 256 >= block.number, InvalidBlockNumber(number, block.number));
        return blockhash(number);
    }

    function arbChainID() external view returns (uint256) {
        return block.chainid;
    }

    function arbOSVersion() external pure returns (uint256) {
        return CLASSIC_VERSIONS + VERSION;
    }

    function getStorageGasAvailable() external pure returns (uint256) {
        return 0;
    }

    /// @notice Whether an account of no code calls, or a contract that is called by one. The emulation sees only the
    /// former.
    function isTopLevelCall() external view returns (bool) {
        return msg.sender == tx.origin;
    }

    /// @notice Whether the caller's caller is the alias of an account of L1. The emulation knows it of retries.
    function wasMyCallersAddressAliased() public view returns (bool) {
        return ArbRetryableTx(System.ARB_RETRYABLE_TX).isAliased(tx.origin);
    }

    function myCallersAddressWithoutAliasing() external view returns (address) {
        // Aliases are added modulo 2^160.
        unchecked {
            return wasMyCallersAddressAliased() ? address(uint160(tx.origin) - ALIAS_OFFSET) : tx.origin;
        }
    }

    function mapL1SenderContractAddressToL2Alias(address sender, address) external pure returns (address) {
        unchecked {
            return address(uint160(sender) + ALIAS_OFFSET);
        }
    }

    function _send(address destination, bytes memory data) private returns (uint256 position) {
        uint256 l1Block = ArbOS(System.ARB_OS).l1BlockNumber();
        bytes32 hash = keccak256(
            abi.encodePacked(msg.sender, destination, block.number, l1Block, block.timestamp, msg.value, data)
        );
        position = _append(keccak256(abi.encodePacked(hash)));
        emit L2ToL1Tx(
            msg.sender, destination, uint256(hash), position, block.number, l1Block, block.timestamp, msg.value, data
        );
    }

    /// @dev Joins full subtrees of equal height, as a binary counter carries.
    function _append(bytes32 node) private returns (uint256 position) {
        position = _size++;
        leaf[position] = node;
        uint256 level;
        for (bytes32 left = _partials[0]; left != 0; left = _partials[level]) {
            node = _node(left, node);
            _partials[level++] = 0;
            emit SendMerkleUpdate(0, node, (level << 192) + position);
        }
        _partials[level] = node;
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(left, right));
    }

    function _levels(uint256 size) private pure returns (uint256 levels) {
        for (; size != 0; size >>= 1) {
            ++levels;
        }
    }
}
