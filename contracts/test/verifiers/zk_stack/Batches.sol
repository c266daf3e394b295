// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @notice Matter Labs' own MailboxFacet (zksync-contracts 0.6.1), from the artifacts that the devnet ships, with batches
/// put where its Executor would put them.
library Batches {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev `AppStorage`: totalBlocksExecuted, l2LogsRootHashes, allowList, priorityTxMaxGasLimit.
    uint256 private constant EXECUTED = 11;
    uint256 private constant ROOTS = 15;
    uint256 private constant ALLOW_LIST = 19;
    uint256 private constant MAX_GAS = 26;

    uint256 internal constant HEIGHT = 9;
    address internal constant L1_MESSENGER = 0x0000000000000000000000000000000000008008;

    /// @dev The facet, which takes deposits from everyone.
    function deploy() internal returns (address mailbox) {
        mailbox = create("MailboxFacet", "");
        // A fresh facet is locked against reentrancy until the diamond's initializer opens it.
        vm.store(
            mailbox,
            bytes32(uint256(0x8e94fed44239eb2314ab7a406345e6c5a8f0ccedf3b600de3d004e672c33abf4)),
            bytes32(uint256(1))
        );
        address list = create("AllowList", abi.encode(address(this)));
        (bool done,) = list.call(abi.encodeWithSignature("setAccessMode(address,uint8)", mailbox, 2));
        require(done, "AllowList");
        vm.store(mailbox, bytes32(ALLOW_LIST), bytes32(uint256(uint160(list))));
        vm.store(mailbox, bytes32(MAX_GAS), bytes32(uint256(72_000_000)));
    }

    /// @dev Executes `batch` with this message of `sender` as log `index`, and others beside it. Returns its path.
    function execute(address mailbox, uint256 batch, uint256 index, uint16 number, address sender, bytes memory message)
        internal
        returns (bytes32[] memory path)
    {
        bytes32 node = keccak256(
            abi.encodePacked(
                uint8(0), true, number, L1_MESSENGER, bytes32(uint256(uint160(sender))), keccak256(message)
            )
        );
        path = new bytes32[](HEIGHT);
        for (uint256 i; i < HEIGHT; ++i) {
            path[i] = keccak256(abi.encode("beside", batch, i));
            node = index >> i & 1 == 0
                ? keccak256(abi.encodePacked(node, path[i]))
                : keccak256(abi.encodePacked(path[i], node));
        }
        vm.store(mailbox, keccak256(abi.encode(batch, ROOTS)), node);
        vm.store(mailbox, bytes32(EXECUTED), bytes32(batch));
    }

    function create(string memory name, bytes memory arguments) internal returns (address made) {
        string memory json = vm.readFile(string.concat("../anvil/xl2_devnet/artifacts/zk_stack/", name, ".json"));
        bytes memory code = bytes.concat(vm.parseJsonBytes(json, ".bytecode"), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        require(made != address(0), name);
    }
}
