// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

import {ArbOS} from "./ArbOS.sol";
import {System} from "./System.sol";

/// @title ArbRetryableTx, emulated
/// @notice Retryable tickets with ArbRetryableTx' interface, events and rules, at 0x6e, which also holds their escrow.
/// A retry is a transaction of its own: `RedeemScheduled` names it, the sequencer makes it in the next block, and
/// `settle`s it in the one after, where ArbOS would do all three in one.
/// @custom:invariant The ether here is at least the escrow of all tickets and the gas bought for tries under way.
contract ArbRetryableTx {
    using RLP for RLP.Encoder;

    /// @notice What L1 submits, in the order of the inbox's message.
    struct Submission {
        bytes32 ticketId;
        address from;
        address to;
        uint256 callValue;
        uint256 maxSubmissionFee;
        address excessFeeRefund;
        address beneficiary;
        uint256 gasLimit;
        uint256 maxFeePerGas;
        bytes data;
    }

    struct Ticket {
        address from;
        address to;
        address beneficiary;
        uint64 timeout;
        uint64 tries;
        /// @dev Its value is with the sender of a try that is not settled.
        bool underWay;
        uint256 value;
        bytes data;
    }

    /// @notice A try that is scheduled and not settled.
    struct Try {
        bytes32 ticketId;
        address from;
        address to;
        uint64 gas;
        /// @dev The value of a try that failed came back.
        bool returned;
        uint256 value;
        bytes data;
        uint256 gasPrice;
        address refundTo;
        /// @dev Wei of `refundTo` that wait for the outcome: of the gas bought, and of the submission fee on success.
        uint256 boughtGas;
        uint256 submissionFee;
    }

    struct Window {
        bytes32 ticketId;
        uint64 end;
    }

    uint64 private constant LIFETIME = 7 days;
    uint256 private constant LEAST_GAS = 21_000;
    /// @dev Redeems hand this much less than what is left: what the call itself needs to end.
    uint256 private constant REDEEM_OVERHEAD = 100_000;
    /// @dev So many expired tickets end at the beginning of a block.
    uint256 private constant REAPED_PER_BLOCK = 2;

    mapping(bytes32 ticketId => Ticket) private _tickets;
    mapping(bytes32 retryTxHash => Try) private _tries;
    /// @notice Whether an account is the alias of one of L1 that submitted a ticket.
    mapping(address account => bool) public isAliased;
    /// @dev Every window of every ticket's life, in the order in which they were made. What ends waits behind the second
    /// life of a ticket that was kept alive before it, as in ArbOS.
    Window[] private _windows;
    uint256 private _reaped;

    event TicketCreated(bytes32 indexed ticketId);
    event LifetimeExtended(bytes32 indexed ticketId, uint256 newTimeout);
    event RedeemScheduled(
        bytes32 indexed ticketId,
        bytes32 indexed retryTxHash,
        uint64 indexed sequenceNum,
        uint64 donatedGas,
        address gasDonor,
        uint256 maxRefund,
        uint256 submissionFeeRefund
    );
    event Canceled(bytes32 indexed ticketId);

    error NoTicketWithID();
    error OnlyBeneficiary(address caller, address beneficiary);
    error LifetimeAlreadyExtended(uint256 timeout);
    /// @notice Only between the blocks of a try here; on a real chain there is nothing in between.
    error TryUnderWay(bytes32 ticketId);

    /// @notice Makes a ticket and schedules its first try if its gas is paid for. All that came as deposit is in
    /// `msg.value`.
    function submit(Submission calldata s) external payable {
        System.only();
        isAliased[s.from] = true;
        uint256 fee = submissionFee(s.data.length);
        // The inbox checks it, except for its unsafe function; then the sender keeps what it sent, and there is no ticket.
        if (s.maxSubmissionFee < fee || msg.value < fee + s.callValue) return System.credit(s.from, msg.value);
        uint256 left = msg.value - fee - s.callValue;
        _keep(s);

        (uint256 refund, uint256 rest) = _take(left, s.maxSubmissionFee - fee);
        uint256 most = s.gasLimit * s.maxFeePerGas;
        uint256 gasFunds;
        (gasFunds, rest) = _take(rest, most);
        // Paid for whole, or not tried at all; what is not needed goes back.
        bool tried = s.gasLimit >= LEAST_GAS && s.maxFeePerGas >= block.basefee && gasFunds == most;
        uint256 bought = tried ? s.gasLimit * block.basefee : 0;
        if (tried) {
            _schedule(s.ticketId, uint64(s.gasLimit), s.excessFeeRefund, rest + bought + fee, bought, fee);
        }
        System.credit(s.excessFeeRefund, refund + gasFunds - bought);
        System.credit(s.from, rest);
    }

    /// @notice Schedules a try of a ticket, by anyone, with the gas that is left of the call.
    function redeem(bytes32 ticketId) external returns (bytes32 retryTxHash) {
        _existing(ticketId);
        uint256 left = gasleft();
        uint64 gas = left > REDEEM_OVERHEAD + LEAST_GAS ? uint64(left - REDEEM_OVERHEAD) : uint64(LEAST_GAS);
        return _schedule(ticketId, gas, msg.sender, type(uint256).max, 0, 0);
    }

    /// @notice The sender of a try gives back what a try that failed did not carry away; before {settle}.
    function giveBack(bytes32 retryTxHash) external payable {
        Try storage t = _tries[retryTxHash];
        require(msg.sender == t.from && msg.value == t.value && !t.returned, System.OnlyArbOS(msg.sender));
        t.returned = true;
    }

    /// @notice A try was made: on success the ticket is over, else it goes on as it was.
    function settle(bytes32 retryTxHash, bool success, uint256 gasUsed) external {
        System.only();
        Try memory t = _tries[retryTxHash];
        require(t.ticketId != 0, NoTicketWithID());
        delete _tries[retryTxHash];
        uint256 burnt = gasUsed * t.gasPrice;
        uint256 refund = t.boughtGas > burnt ? t.boughtGas - burnt : 0;
        if (success) {
            delete _tickets[t.ticketId];
            refund += t.submissionFee;
        } else {
            Ticket storage ticket = _tickets[t.ticketId];
            ticket.underWay = false;
            // Only a transaction of the sender's own can have spent it, which its contracts on L1 may force.
            if (!t.returned) ticket.value = 0;
        }
        System.credit(t.refundTo, refund);
    }

    /// @notice Gives a ticket another lifetime, unless it has more than one left already.
    function keepalive(bytes32 ticketId) external returns (uint256 newTimeout) {
        Ticket storage ticket = _existing(ticketId);
        require(ticket.timeout <= block.timestamp + LIFETIME, LifetimeAlreadyExtended(ticket.timeout));
        ticket.timeout += LIFETIME;
        _windows.push(Window({ticketId: ticketId, end: ticket.timeout}));
        emit LifetimeExtended(ticketId, ticket.timeout);
        return ticket.timeout;
    }

    /// @notice The beneficiary ends a ticket and has its value.
    function cancel(bytes32 ticketId) external {
        Ticket storage ticket = _existing(ticketId);
        require(msg.sender == ticket.beneficiary, OnlyBeneficiary(msg.sender, ticket.beneficiary));
        _end(ticketId);
        emit Canceled(ticketId);
    }

    /// @notice Ends some of the tickets whose time is over; their beneficiaries have their values.
    function reap() external {
        System.only();
        for (uint256 n; n < REAPED_PER_BLOCK && _reaped < _windows.length; ++n) {
            Window memory window = _windows[_reaped];
            Ticket storage ticket = _tickets[window.ticketId];
            if (window.end >= block.timestamp || ticket.underWay) return;
            delete _windows[_reaped++];
            // Not so where the ticket was kept alive, or is over: then only this window of its life ends.
            if (ticket.timeout == window.end) _end(window.ticketId);
        }
    }

    function getLifetime() external pure returns (uint256) {
        return LIFETIME;
    }

    function getTimeout(bytes32 ticketId) external view returns (uint256) {
        return _living(ticketId).timeout;
    }

    function getBeneficiary(bytes32 ticketId) external view returns (address) {
        return _living(ticketId).beneficiary;
    }

    /// @notice A try that is scheduled and not settled, for the sequencer that makes it; empty if there is none.
    function tryOf(bytes32 retryTxHash) external view returns (Try memory) {
        return _tries[retryTxHash];
    }

    /// @notice What ArbOS takes for the submission of a ticket with so many bytes of data.
    function submissionFee(uint256 size) public view returns (uint256) {
        return (1400 + 6 * size) * ArbOS(System.ARB_OS).l1BaseFee();
    }

    function _keep(Submission calldata s) private {
        _tickets[s.ticketId] = Ticket({
            from: s.from,
            to: s.to,
            beneficiary: s.beneficiary,
            timeout: uint64(block.timestamp) + LIFETIME,
            tries: 0,
            underWay: false,
            value: s.callValue,
            data: s.data
        });
        _windows.push(Window({ticketId: s.ticketId, end: uint64(block.timestamp) + LIFETIME}));
        emit TicketCreated(s.ticketId);
    }

    function _schedule(
        bytes32 ticketId,
        uint64 gas,
        address refundTo,
        uint256 maxRefund,
        uint256 boughtGas,
        uint256 fee
    ) private returns (bytes32 retryTxHash) {
        Ticket storage ticket = _tickets[ticketId];
        uint64 number = ticket.tries++;
        ticket.underWay = true;
        Try memory made = Try({
            ticketId: ticketId,
            from: ticket.from,
            to: ticket.to,
            gas: gas,
            returned: false,
            value: ticket.value,
            data: ticket.data,
            gasPrice: block.basefee,
            refundTo: refundTo,
            boughtGas: boughtGas,
            submissionFee: fee
        });
        retryTxHash = _retryTxHash(made, number, maxRefund);
        _tries[retryTxHash] = made;
        System.credit(made.from, made.value);
        emit RedeemScheduled(ticketId, retryTxHash, number, gas, refundTo, maxRefund, fee);
    }

    function _end(bytes32 ticketId) private {
        (address beneficiary, uint256 value) = (_tickets[ticketId].beneficiary, _tickets[ticketId].value);
        delete _tickets[ticketId];
        System.credit(beneficiary, value);
    }

    /// @dev A ticket that can be changed now.
    function _existing(bytes32 ticketId) private view returns (Ticket storage ticket) {
        ticket = _living(ticketId);
        require(!ticket.underWay, TryUnderWay(ticketId));
    }

    function _living(bytes32 ticketId) private view returns (Ticket storage ticket) {
        ticket = _tickets[ticketId];
        require(ticket.timeout >= block.timestamp, NoTicketWithID());
    }

    /// @dev Hash of a transaction of type 0x68, ArbitrumRetryTx.
    function _retryTxHash(Try memory t, uint64 number, uint256 maxRefund) private view returns (bytes32) {
        RLP.Encoder memory list = RLP.encoder().push(block.chainid).push(uint256(number)).push(t.from);
        list = list.push(t.gasPrice).push(uint256(t.gas));
        list = t.to == address(0) ? list.push(bytes("")) : list.push(t.to);
        list = list.push(t.value).push(t.data).push(t.ticketId).push(t.refundTo).push(maxRefund);
        return keccak256(bytes.concat(hex"68", list.push(t.submissionFee).encode()));
    }

    function _take(uint256 pool, uint256 wanted) private pure returns (uint256 taken, uint256 left) {
        taken = wanted < pool ? wanted : pool;
        return (taken, pool - taken);
    }
}
