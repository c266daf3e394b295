// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BridgedErc20} from "./BridgedErc20.sol";
import {L1Messenger} from "./L1Messenger.sol";

/// @title L2 side of the ZK stack's own ERC-20 bridge, for the devnet
/// @notice Matter Labs' L1ERC20Bridge is the real one; its counterpart is zkVM bytecode, which no EVM runs, so this
/// one stands at the address that L1 computed for it. Same calls, events and messages. One difference shows: a token's
/// address follows the EVM's CREATE2, not the zkVM's, so {l2TokenAddress} here is right and L1's is not.
contract L2Erc20Bridge {
    L1Messenger private constant MESSENGER = L1Messenger(address(0x8008));
    /// @notice `finalizeWithdrawal(uint256,uint256,uint16,bytes,bytes32[])`, by which L1 knows the message.
    bytes4 private constant FINALIZE = bytes4(keccak256("finalizeWithdrawal(uint256,uint256,uint16,bytes,bytes32[])"));
    uint160 private constant ALIAS = uint160(0x1111000000000000000000000000000000001111);

    /// @notice Counterpart on L1; slot 0, written by the genesis.
    address public l1Bridge;
    /// @notice Token on L1 by its token here; zero for what is none of ours.
    mapping(address l2Token => address l1Token) public l1TokenAddress;

    event FinalizeDeposit(
        address indexed l1Sender, address indexed l2Receiver, address indexed l2Token, uint256 amount
    );
    event WithdrawalInitiated(
        address indexed l2Sender, address indexed l1Receiver, address indexed l2Token, uint256 amount
    );

    /// @notice The caller is not the counterpart's alias.
    error NotTheBridge(address caller);
    /// @notice A deposit of tokens carries no ether.
    error ValueSent(uint256 value);
    /// @notice No token of this bridge, or nothing of it.
    error NothingToWithdraw(address l2Token, uint256 amount);

    /// @notice Mints what was locked on L1. `data`: name, symbol and decimals as the token on L1 returned them.
    function finalizeDeposit(address l1Sender, address l2Receiver, address l1Token, uint256 amount, bytes calldata data)
        external
        payable
    {
        require(msg.sender == address(uint160(l1Bridge) + ALIAS), NotTheBridge(msg.sender));
        require(msg.value == 0, ValueSent(msg.value));
        address token = l2TokenAddress(l1Token);
        if (token.code.length == 0) {
            new BridgedErc20{salt: _salt(l1Token)}();
            (bytes memory name, bytes memory symbol, bytes memory decimals) = abi.decode(data, (bytes, bytes, bytes));
            BridgedErc20(token).describe(name, symbol, decimals);
            l1TokenAddress[token] = l1Token;
        }
        BridgedErc20(token).mint(l2Receiver, amount);
        emit FinalizeDeposit(l1Sender, l2Receiver, token, amount);
    }

    /// @notice Burns tokens of the caller, to have them released on L1.
    function withdraw(address l1Receiver, address l2Token, uint256 amount) external {
        address l1Token = l1TokenAddress[l2Token];
        require(l1Token != address(0) && amount != 0, NothingToWithdraw(l2Token, amount));
        BridgedErc20(l2Token).burn(msg.sender, amount);
        MESSENGER.sendToL1(abi.encodePacked(FINALIZE, l1Receiver, l1Token, amount));
        emit WithdrawalInitiated(msg.sender, l1Receiver, l2Token, amount);
    }

    /// @notice Where the token of an L1 token stands, or will.
    function l2TokenAddress(address l1Token) public view returns (address) {
        bytes32 code = keccak256(type(BridgedErc20).creationCode);
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", address(this), _salt(l1Token), code)))));
    }

    function _salt(address l1Token) private pure returns (bytes32) {
        return bytes32(uint256(uint160(l1Token)));
    }
}
