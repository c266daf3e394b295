// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Token of {L2Erc20Bridge}, for the devnet
/// @notice What the bridge alone mints and burns. It is described after it was made, so that its address depends on
/// the token on L1 alone.
contract BridgedErc20 is ERC20 {
    address private immutable BRIDGE = msg.sender;
    string private _name;
    string private _symbol;
    uint8 private _decimals = 18;

    /// @notice The caller is not the bridge.
    error NotTheBridge(address caller);

    modifier onlyBridge() {
        require(msg.sender == BRIDGE, NotTheBridge(msg.sender));
        _;
    }

    constructor() ERC20("", "") {}

    /// @notice Takes name, symbol and decimals as ABI-encoded returns of the token on L1; what is none is left out.
    function describe(bytes calldata name_, bytes calldata symbol_, bytes calldata decimals_) external onlyBridge {
        // A string's ABI encoding has an offset and a length; what is shorter was said by a token without the function.
        if (name_.length >= 64) _name = abi.decode(name_, (string));
        if (symbol_.length >= 64) _symbol = abi.decode(symbol_, (string));
        if (decimals_.length == 32) _decimals = uint8(uint256(bytes32(decimals_)));
    }

    function mint(address account, uint256 amount) external onlyBridge {
        _mint(account, amount);
    }

    function burn(address account, uint256 amount) external onlyBridge {
        _burn(account, amount);
    }

    function name() public view override returns (string memory) {
        return _name;
    }

    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}
