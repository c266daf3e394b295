// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

interface IPortal2 {
    function blacklistDisputeGame(address game) external;
    function setRespectedGameType(uint32 gameType) external;
}

interface IFactory {
    function initialize(address owner) external;
    function setImplementation(uint32 gameType, address implementation) external;
    function create(uint32 gameType, bytes32 claim, bytes calldata extraData) external payable returns (IGame);
}

interface IGame {
    function resolveClaim(uint256 claim, uint256 most) external;
    function resolve() external returns (uint8 status);
    function attack(bytes32 disputed, uint256 parent, bytes32 claim) external payable;
    function getRequiredBond(uint128 position) external view returns (uint256);
}

interface ISuperchainConfig {
    function pause(string calldata identifier) external;
    function unpause() external;
}

/// @notice Optimism's own contracts (contracts-bedrock 0.17.3), from the artifacts that the devnet ships.
library OpStack {
    /// @notice One chain's contracts on L1, owned and guarded by whoever deploys them.
    struct Rollup {
        IPortal2 portal;
        IFactory factory;
        ISuperchainConfig superchainConfig;
    }

    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    address internal constant L1_BLOCK = 0x4200000000000000000000000000000000000015;
    /// @dev The account in whose name the chain's node writes into `L1Block`.
    address internal constant DEPOSITOR = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001;

    /// @dev Short clocks, in seconds.
    uint64 internal constant MATURITY = 50;
    uint64 internal constant FINALITY = 100;
    uint64 internal constant CLOCK = 10;
    uint32 internal constant CANNON = 0;

    /// @dev As Optimism's deploy script does it, without what moves tokens.
    function deploy(uint256 chain) internal returns (Rollup memory made) {
        address factory = _proxy("DisputeGameFactory", "", abi.encodeCall(IFactory.initialize, (address(this))));
        address config = _proxy("SuperchainConfig", "", _call("address,bool", abi.encode(address(this), false)));
        address system = _proxy("SystemConfig", "", _system());
        made.portal = IPortal2(
            _proxy(
                "OptimismPortal2",
                abi.encode(MATURITY, FINALITY),
                _call("address,address,address,uint32", abi.encode(factory, system, config, CANNON))
            )
        );
        made.factory = IFactory(factory);
        made.factory.setImplementation(CANNON, _game(factory, config, chain));
        made.superchainConfig = ISuperchainConfig(config);
    }

    /// @dev What every block of an OP-Stack chain begins with.
    function seeL1Block(uint64 number, bytes32 hash) internal {
        if (L1_BLOCK.code.length == 0) vm.etch(L1_BLOCK, create("L1Block", "").code);
        bytes memory values = abi.encodePacked(
            bytes4(keccak256("setL1BlockValuesEcotone()")),
            uint32(1368), // scalars, sequence number and timestamp
            uint32(810_949),
            uint64(0),
            uint64(block.timestamp),
            number,
            uint256(1), // base fees
            uint256(1),
            hash,
            bytes32(0) // batcher
        );
        vm.prank(DEPOSITOR);
        (bool done,) = L1_BLOCK.call(values);
        require(done, "L1Block");
    }

    function create(string memory name, bytes memory arguments) internal returns (address made) {
        string memory json = vm.readFile(string.concat("../anvil/xl2_devnet/artifacts/op_stack/", name, ".json"));
        bytes memory code = bytes.concat(vm.parseJsonBytes(json, ".bytecode"), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        require(made != address(0), name);
    }

    /// @dev Implementation of the permissionless game, and what it stands on.
    function _game(address factory, address config, uint256 chain) private returns (address) {
        address weth = _proxy("DelayedWETH", abi.encode(2), _call("address,address", abi.encode(address(this), config)));
        // One root to begin with: an array (at 32) of one (type, (root, block)).
        bytes memory anchors = abi.encode(32, 1, CANNON, keccak256("genesis"), 0);
        address registry =
            _proxy("AnchorStateRegistry", abi.encode(factory), _call("(uint32,(bytes32,uint256))[]", anchors));
        address machine = create("MIPS", abi.encode(create("PreimageOracle", abi.encode(126_000, CLOCK))));
        return create(
            "FaultDisputeGame",
            bytes.concat(
                abi.encode(CANNON, bytes32(uint256(3) << 248), 73, 30, 0),
                abi.encode(CLOCK, machine, weth, registry, chain)
            )
        );
    }

    function _proxy(string memory name, bytes memory arguments, bytes memory call) private returns (address proxy) {
        proxy = create("Proxy", abi.encode(address(this)));
        address implementation = create(name, arguments);
        (bool done,) = proxy.call(abi.encodeWithSignature("upgradeToAndCall(address,bytes)", implementation, call));
        require(done, name);
    }

    /// @dev `initialize`, which each contract has with other types.
    function _call(string memory types, bytes memory arguments) private pure returns (bytes memory) {
        return bytes.concat(bytes4(keccak256(bytes(string.concat("initialize(", types, ")")))), arguments);
    }

    function _system() private view returns (bytes memory) {
        string memory resources = "(uint32,uint8,uint8,uint32,uint32,uint128)";
        string memory contracts = "(address,address,address,address,address,address,address)";
        return _call(
            string.concat("address,uint32,uint32,bytes32,uint64,address,", resources, ",address,", contracts),
            bytes.concat(
                abi.encode(address(this), 1368, 810_949, bytes32(0), 60_000_000, address(this)),
                abi.encode(20_000_000, 10, 8, 1 gwei, 1_000_000, type(uint128).max),
                abi.encode(address(0xff)),
                new bytes(7 * 32)
            )
        );
    }
}
