// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC7802} from "@openzeppelin/contracts/interfaces/draft-IERC7802.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title BridgedToken
/// @notice Stands on a remote chain for a token at home; ERC-7802. Only the bridge that made it mints and burns, for good.
/// @custom:invariant Every unit in the supply is locked at home, or on its way back there.
contract BridgedToken is ERC20Permit, IERC7802 {
    /// @notice Mints and burns; fixed.
    address public immutable bridge;
    uint8 private immutable _decimals;

    /// @notice Only the bridge mints and burns.
    error NotBridge(address caller);

    modifier onlyBridge() {
        require(msg.sender == bridge, NotBridge(msg.sender));
        _;
    }

    /// @param decimals_ As at home: amounts are never converted
    constructor(string memory name_, string memory symbol_, uint8 decimals_) ERC20(name_, symbol_) ERC20Permit(name_) {
        bridge = msg.sender;
        _decimals = decimals_;
    }

    /// @inheritdoc IERC7802
    function crosschainMint(address to, uint256 amount) external onlyBridge {
        _mint(to, amount);
        emit CrosschainMint(to, amount, msg.sender);
    }

    /// @inheritdoc IERC7802
    function crosschainBurn(address from, uint256 amount) external onlyBridge {
        _burn(from, amount);
        emit CrosschainBurn(from, amount, msg.sender);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC7802).interfaceId || interfaceId == type(IERC20).interfaceId
            || interfaceId == type(IERC20Metadata).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    /// @notice As at home.
    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}
