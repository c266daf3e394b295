// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ERC7786Recipient} from "@openzeppelin/contracts/crosschain/ERC7786Recipient.sol";

import {IInbox} from "../interfaces/IInbox.sol";

/// @title Notebook
/// @notice An example of a recipient: it writes down what it is told. Its owner may close it, and then it refuses: the
/// message is not lost, anyone may have it retried once the notebook is open again. Its policy says whose word it takes.
contract Notebook is ERC7786Recipient {
    /// @notice A message was written down; `sender` is an ERC-7930 address.
    event Noted(bytes32 indexed id, bytes sender, bytes payload);

    /// @notice The notebook is closed.
    error Closed();
    /// @notice Only the owner may.
    error NotOwner(address caller);

    /// @notice The only contract that is believed.
    IInbox public immutable inbox;
    /// @notice May close and open, and set the policy.
    address public immutable owner;

    /// @notice Whether messages are refused.
    bool public closed;
    /// @notice How many messages were written down.
    uint256 public count;
    /// @notice Payload of the newest.
    bytes public last;

    modifier onlyOwner() {
        require(msg.sender == owner, NotOwner(msg.sender));
        _;
    }

    constructor(IInbox inbox_) {
        inbox = inbox_;
        owner = msg.sender;
    }

    /// @notice Refuses messages, or accepts them again.
    function close(bool value) external onlyOwner {
        closed = value;
    }

    /// @notice Accepts messages only if one of these verifiers vouches for them: bit v is verifier v; 0 is any.
    function setPolicy(uint256 mask) external onlyOwner {
        inbox.setPolicy(mask);
    }

    /// @inheritdoc ERC7786Recipient
    function _isAuthorizedGateway(address gateway, bytes calldata) internal view override returns (bool) {
        return gateway == address(inbox);
    }

    /// @inheritdoc ERC7786Recipient
    function _processMessage(address, bytes32 id, bytes calldata sender, bytes calldata payload) internal override {
        require(!closed, Closed());
        ++count;
        last = payload;
        emit Noted(id, sender, payload);
    }
}
