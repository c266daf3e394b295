// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BridgeStandIn} from "./BridgeStandIn.sol";

/// @title Stand-in for a Nitro delayed inbox on L1
/// @notice How accounts of L1 speak to the L2: ether, retryable tickets, transactions; with the ABI, events, checks and
/// aliases of Arbitrum's inbox.
contract InboxStandIn {
    uint8 private constant L2_MESSAGE = 3;
    uint8 private constant FUNDED_BY_L1 = 7;
    uint8 private constant SUBMIT_RETRYABLE = 9;
    uint8 private constant ETHER_DEPOSIT = 12;
    uint8 private constant UNSIGNED_USER = 0;
    uint8 private constant CONTRACT = 1;

    uint160 private constant ALIAS_OFFSET = uint160(0x1111000000000000000000000000000000001111);
    uint256 public constant maxDataSize = 117_964;

    BridgeStandIn public immutable bridge;
    address public immutable sequencerInbox;

    event InboxMessageDelivered(uint256 indexed messageNum, bytes data);
    event InboxMessageDeliveredFromOrigin(uint256 indexed messageNum);

    error InsufficientSubmissionCost(uint256 expected, uint256 actual);
    error InsufficientValue(uint256 expected, uint256 actual);
    error GasLimitTooLarge();
    error DataTooLarge(uint256 dataLength, uint256 maxDataLength);
    error NotCodelessOrigin();
    error RetryableData(
        address from,
        address to,
        uint256 l2CallValue,
        uint256 deposit,
        uint256 maxSubmissionCost,
        address excessFeeRefundAddress,
        address callValueRefundAddress,
        uint256 gasLimit,
        uint256 maxFeePerGas,
        bytes data
    );

    constructor(BridgeStandIn bridge_, address sequencerInbox_) {
        bridge = bridge_;
        sequencerInbox = sequencerInbox_;
    }

    /// @notice Ether for the caller's own address, or a contract's alias.
    function depositEth() external payable returns (uint256) {
        address to = _isCodelessOrigin() ? msg.sender : _alias(msg.sender);
        return _deliver(ETHER_DEPOSIT, msg.sender, abi.encodePacked(to, msg.value), msg.value);
    }

    function createRetryableTicket(
        address to,
        uint256 l2CallValue,
        uint256 maxSubmissionCost,
        address excessFeeRefundAddress,
        address callValueRefundAddress,
        uint256 gasLimit,
        uint256 maxFeePerGas,
        bytes calldata data
    ) external payable returns (uint256) {
        uint256 least = maxSubmissionCost + l2CallValue + gasLimit * maxFeePerGas;
        require(msg.value >= least, InsufficientValue(least, msg.value));
        // On L2 a contract's own address would be nobody's.
        if (excessFeeRefundAddress.code.length != 0) excessFeeRefundAddress = _alias(excessFeeRefundAddress);
        if (callValueRefundAddress.code.length != 0) callValueRefundAddress = _alias(callValueRefundAddress);
        return unsafeCreateRetryableTicket(
            to,
            l2CallValue,
            maxSubmissionCost,
            excessFeeRefundAddress,
            callValueRefundAddress,
            gasLimit,
            maxFeePerGas,
            data
        );
    }

    /// @notice The same without the checks of value, and without aliases of refund addresses.
    function unsafeCreateRetryableTicket(
        address to,
        uint256 l2CallValue,
        uint256 maxSubmissionCost,
        address excessFeeRefundAddress,
        address callValueRefundAddress,
        uint256 gasLimit,
        uint256 maxFeePerGas,
        bytes calldata data
    ) public payable returns (uint256) {
        // One is what asks for the ticket's data without making one.
        if (gasLimit == 1 || maxFeePerGas == 1) {
            revert RetryableData(
                msg.sender,
                to,
                l2CallValue,
                msg.value,
                maxSubmissionCost,
                excessFeeRefundAddress,
                callValueRefundAddress,
                gasLimit,
                maxFeePerGas,
                data
            );
        }
        require(gasLimit <= type(uint64).max, GasLimitTooLarge());
        uint256 fee = calculateRetryableSubmissionFee(data.length, block.basefee);
        require(maxSubmissionCost >= fee, InsufficientSubmissionCost(fee, maxSubmissionCost));
        bytes memory head = abi.encode(
            to, l2CallValue, msg.value, maxSubmissionCost, excessFeeRefundAddress, callValueRefundAddress, gasLimit
        );
        bytes memory message = bytes.concat(head, abi.encode(maxFeePerGas, data.length), data);
        return _deliver(SUBMIT_RETRYABLE, msg.sender, message, msg.value);
    }

    /// @notice A signed transaction of the L2, which its sequencer then cannot leave out.
    function sendL2Message(bytes calldata messageData) external returns (uint256) {
        return _deliver(L2_MESSAGE, msg.sender, messageData, 0);
    }

    /// @notice The same, with the data only in the transaction itself.
    function sendL2MessageFromOrigin(bytes calldata messageData) external returns (uint256 number) {
        require(_isCodelessOrigin(), NotCodelessOrigin());
        _requireSize(messageData.length);
        number = bridge.enqueueDelayedMessage(L2_MESSAGE, _alias(msg.sender), keccak256(messageData));
        emit InboxMessageDeliveredFromOrigin(number);
    }

    function sendUnsignedTransaction(
        uint256 gasLimit,
        uint256 maxFeePerGas,
        uint256 nonce,
        address to,
        uint256 value,
        bytes calldata data
    ) external returns (uint256) {
        return _deliver(
            L2_MESSAGE,
            msg.sender,
            abi.encodePacked(UNSIGNED_USER, gasLimit, maxFeePerGas, nonce, _word(to), value, data),
            0
        );
    }

    function sendContractTransaction(
        uint256 gasLimit,
        uint256 maxFeePerGas,
        address to,
        uint256 value,
        bytes calldata data
    ) external returns (uint256) {
        return _deliver(
            L2_MESSAGE, msg.sender, abi.encodePacked(CONTRACT, gasLimit, maxFeePerGas, _word(to), value, data), 0
        );
    }

    function sendL1FundedContractTransaction(uint256 gasLimit, uint256 maxFeePerGas, address to, bytes calldata data)
        external
        payable
        returns (uint256)
    {
        return _deliver(
            FUNDED_BY_L1,
            msg.sender,
            abi.encodePacked(CONTRACT, gasLimit, maxFeePerGas, _word(to), msg.value, data),
            msg.value
        );
    }

    function sendL1FundedUnsignedTransaction(
        uint256 gasLimit,
        uint256 maxFeePerGas,
        uint256 nonce,
        address to,
        bytes calldata data
    ) external payable returns (uint256) {
        return _deliver(
            FUNDED_BY_L1,
            msg.sender,
            abi.encodePacked(UNSIGNED_USER, gasLimit, maxFeePerGas, nonce, _word(to), msg.value, data),
            msg.value
        );
    }

    function calculateRetryableSubmissionFee(uint256 dataLength, uint256 baseFee) public view returns (uint256) {
        return (1400 + 6 * dataLength) * (baseFee == 0 ? block.basefee : baseFee);
    }

    /// @dev The bridge knows every sender by its alias, an account without code as well.
    function _deliver(uint8 kind, address sender, bytes memory message, uint256 value)
        private
        returns (uint256 number)
    {
        _requireSize(message.length);
        number = bridge.enqueueDelayedMessage{value: value}(kind, _alias(sender), keccak256(message));
        emit InboxMessageDelivered(number, message);
    }

    function _requireSize(uint256 size) private pure {
        require(size <= maxDataSize, DataTooLarge(size, maxDataSize));
    }

    function _isCodelessOrigin() private view returns (bool) {
        // solhint-disable-next-line avoid-tx-origin
        return msg.sender == tx.origin && msg.sender.code.length == 0;
    }

    function _alias(address account) private pure returns (address) {
        unchecked {
            return address(uint160(account) + ALIAS_OFFSET);
        }
    }

    function _word(address account) private pure returns (uint256) {
        return uint160(account);
    }
}
