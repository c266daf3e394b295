// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {CrosschainLinked} from "@openzeppelin/contracts/crosschain/CrosschainLinked.sol";
import {ERC7786Recipient} from "@openzeppelin/contracts/crosschain/ERC7786Recipient.sol";
import {BridgeFungible} from "@openzeppelin/contracts/crosschain/bridges/abstract/BridgeFungible.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";

import {IInbox} from "../interfaces/IInbox.sol";
import {IOutbox} from "../interfaces/IOutbox.sol";
import {IPausable} from "../interfaces/IPausable.sol";
import {ITokenBridge} from "../interfaces/ITokenBridge.sol";
import {EvmAddress} from "../libraries/EvmAddress.sol";
import {MessageCodec} from "../libraries/MessageCodec.sol";
import {RateLimit} from "../libraries/RateLimit.sol";
import {ATTESTED, LAST_VERIFIER, SETTLED} from "../types/Assurance.sol";
import {DEFAULT_GAS_LIMIT, MAX_GAS_LIMIT} from "../types/Message.sol";

/// @title TokenBridge
/// @notice The rules that both ends of a bridge share; the manual is {ITokenBridge}. How tokens are taken and given is
/// left to OpenZeppelin's `_onSend` and `_onReceive`, what is booked at home to {_lock} and {_release}.
abstract contract TokenBridge is ITokenBridge, IPausable, BridgeFungible, ReentrancyGuardTransient, Ownable {
    using MessageCodec for bytes;

    /// @inheritdoc ITokenBridge
    uint112 public constant UNLIMITED = type(uint112).max;

    /// @inheritdoc ITokenBridge
    IOutbox public immutable outbox;
    /// @inheritdoc ITokenBridge
    IInbox public immutable inbox;
    /// @inheritdoc ITokenBridge
    address public immutable guard;
    /// @inheritdoc ITokenBridge
    uint8 public immutable assurance;
    /// @inheritdoc ITokenBridge
    uint32 public immutable gasLimit;
    /// @inheritdoc ITokenBridge
    uint64 public immutable lifetime;

    mapping(uint64 chainId => Remote) private _remotes;
    /// @dev Every linked chain, so that a pause can mark each where the hot path reads it.
    uint64[] private _chains;
    /// @inheritdoc IPausable
    bool public paused;
    /// @inheritdoc ITokenBridge
    mapping(bytes32 id => bool) public refunded;
    /// @inheritdoc ITokenBridge
    mapping(address account => uint256) public feesOf;

    constructor(Terms memory terms, address owner) CrosschainLinked(new Link[](0)) Ownable(owner) {
        require(
            address(terms.outbox).code.length != 0 && address(terms.inbox).code.length != 0
                && terms.guard.code.length != 0 && terms.assurance <= SETTLED && terms.gasLimit != 0
                && terms.gasLimit <= MAX_GAS_LIMIT && terms.lifetime != 0,
            BadTerms(terms)
        );
        outbox = terms.outbox;
        inbox = terms.inbox;
        guard = terms.guard;
        assurance = terms.assurance;
        gasLimit = terms.gasLimit;
        lifetime = terms.lifetime;

        // A forged message on a weaker lane could name the counterpart as its sender: so the Inbox is told whom to believe.
        // Attested is what every lane reaches anyway, and no policy costs less than one that accepts all.
        if (terms.assurance != ATTESTED) {
            uint256 floor = uint256(terms.assurance) << 6;
            terms.inbox.setPolicy(((1 << (uint256(LAST_VERIFIER) + 1)) - 1) >> floor << floor);
        }
    }

    /// @dev Fees of expired messages come back from the Outbox, and nothing else.
    receive() external payable {
        require(msg.sender == address(outbox), NotOurMessage());
    }

    /// @inheritdoc ITokenBridge
    function link(uint64 chainId, address counterpart) external onlyOwner {
        _checkLink(chainId, counterpart);
        Remote storage to = _remotes[chainId];
        require(to.counterpart == address(0), LinkAlreadyRegistered(InteroperableAddress.formatEvmV1(uint256(chainId))));

        to.counterpart = counterpart;
        to.paused = paused;
        _chains.push(chainId);
        emit LinkRegistered(address(outbox), InteroperableAddress.formatEvmV1(chainId, counterpart));
    }

    /// @inheritdoc ITokenBridge
    function setLimit(uint64 chainId, uint112 capacity, uint32 window) external onlyOwner {
        Remote storage from = _remotes[chainId];
        require(from.counterpart != address(0), NotLinked(chainId));
        require(capacity != 0 && window != 0, BadLimit(capacity, window));

        (uint256 level,) = _level(from);
        from.used = uint112(level);
        from.since = uint32(block.timestamp);
        from.capacity = capacity;
        from.window = window;
        emit LimitSet(chainId, capacity, window);
    }

    /// @inheritdoc IPausable
    function pause() external {
        require(msg.sender == guard, NotGuard(msg.sender));
        _setPaused(true);
        emit Paused();
    }

    /// @inheritdoc IPausable
    function resume() external onlyOwner {
        _setPaused(false);
        emit Resumed();
    }

    /// @inheritdoc ITokenBridge
    function transfer(bytes calldata to, uint256 amount, uint64 expiry) external payable returns (bytes32 id) {
        return _transfer(to, amount, expiry);
    }

    /// @inheritdoc ITokenBridge
    function refund(bytes calldata header, bytes calldata payload) external nonReentrant {
        (bool valid, bytes memory message) = MessageCodec.load(header);
        require(valid && message.senderOf() == address(this), NotOurMessage());
        require(
            message.payloadHashOf() == keccak256(payload), WrongPayload(message.payloadHashOf(), keccak256(payload))
        );
        bytes32 id = message.idOf();
        require(!refunded[id], AlreadyRefunded(id));
        // The Outbox says so only of an id on its own log, so the rest of the header is what was sent.
        require(outbox.expired(id), NotExpired(id));

        refunded[id] = true;
        (bytes memory from,, uint256 amount) = abi.decode(payload, (bytes, bytes, uint256));
        (, address to) = EvmAddress.parse(from);
        uint256 fee = outbox.refundOf(id);
        if (fee != 0) feesOf[to] += fee;
        uint64 chainId = message.laneOf().destination;
        Remote storage there = _remotes[chainId];
        _takeBack(chainId, there, amount);
        _release(chainId, there, amount);

        _onReceive(to, amount);
        emit TransferRefunded(id, to, amount, fee);
    }

    /// @inheritdoc ITokenBridge
    function claimFees(address account) external {
        uint256 amount = feesOf[account];
        require(amount != 0, NoFees(account));

        feesOf[account] = 0;
        if (address(this).balance < amount) outbox.claim(address(this));
        Address.sendValue(payable(account), amount);
        emit FeesClaimed(account, amount);
    }

    /// @inheritdoc ITokenBridge
    function remote(uint64 chainId) external view returns (Remote memory) {
        return _remotes[chainId];
    }

    /// @inheritdoc ITokenBridge
    function room(uint64 chainId) external view returns (uint256) {
        Remote storage from = _remotes[chainId];
        (uint256 level,) = _level(from);
        return level < from.capacity ? from.capacity - level : 0;
    }

    /// @notice As OpenZeppelin's: the gateway and the counterpart of `chain`, an ERC-7930 chain without an address.
    function getLink(bytes memory chain) public view override returns (address gateway, bytes memory counterpart) {
        (uint256 chainId,) = InteroperableAddress.parseEvmV1(chain);
        address there = chainId <= type(uint64).max ? _remotes[uint64(chainId)].counterpart : address(0);
        if (there != address(0)) {
            gateway = address(outbox);
            counterpart = InteroperableAddress.formatEvmV1(chainId, there);
        }
    }

    /// @dev Links are kept by chain id ({link}), which costs a transfer 3 lookups less than by bytes: none by this way.
    function _setLink(address, bytes memory, bool) internal pure override {
        revert BadCounterpart(0, address(0));
    }

    /// @dev Whether this bridge may be linked so; each kind adds what it needs.
    function _checkLink(uint64 chainId, address counterpart) internal view virtual {
        require(
            chainId != 0 && chainId != block.chainid && counterpart != address(0), BadCounterpart(chainId, counterpart)
        );
    }

    /// @dev Books what leaves for `to`.
    function _lock(Remote storage to, uint256 amount) internal virtual;

    /// @dev Books what comes from there, or back.
    function _release(uint64 chainId, Remote storage from, uint256 amount) internal virtual;

    /// @dev OpenZeppelin's `crosschainTransfer`: no fee, default lifetime.
    function _crosschainTransfer(address, bytes memory to, uint256 amount) internal override returns (bytes32 id) {
        return _transfer(to, amount, uint64(block.timestamp) + lifetime);
    }

    /// @dev Both ways to send; the sender is always the caller, whose approval is spent and who is refunded.
    function _transfer(bytes memory to, uint256 amount, uint64 expiry) private nonReentrant returns (bytes32 id) {
        (uint64 chainId, address recipient) = EvmAddress.parse(to);
        Remote storage there = _remotes[chainId];
        address counterpart = there.counterpart;
        _checkOpen(chainId, there, counterpart);
        require(recipient != address(0) && recipient != counterpart, BadRecipient(to));
        require(amount != 0 && amount <= type(uint112).max, BadAmount(amount));
        require(expiry != 0, NoExpiry());

        _onSend(msg.sender, amount);
        _lock(there, amount);
        // What leaves makes room. The leak since then is taken off later: in which order changes nothing.
        uint256 used = there.used;
        if (used != 0) there.used = uint112(used > amount ? used - amount : 0);

        id = outbox.sendMessage{value: msg.value}(
            InteroperableAddress.formatEvmV1(chainId, counterpart),
            abi.encode(
                InteroperableAddress.formatEvmV1(block.chainid, msg.sender), abi.encodePacked(recipient), amount
            ),
            _attributes(expiry)
        );
        emit CrosschainFungibleTransferSent(id, msg.sender, to, amount);
    }

    /// @dev Only what differs from the Outbox's defaults is said: each attribute is calldata, memory and log.
    function _attributes(uint64 expiry) private view returns (bytes[] memory attributes) {
        bool gas = gasLimit != DEFAULT_GAS_LIMIT;
        bool class = assurance != SETTLED;
        attributes = new bytes[](1 + (gas ? 1 : 0) + (class ? 1 : 0));
        attributes[0] = abi.encodeWithSignature("expiry(uint64)", expiry);
        if (class) attributes[1] = abi.encodeWithSignature("assurance(uint8)", assurance);
        if (gas) attributes[attributes.length - 1] = abi.encodeWithSignature("gasLimit(uint32)", gasLimit);
    }

    /// @inheritdoc CrosschainLinked
    function _isAuthorizedGateway(address gateway, bytes calldata sender) internal view override returns (bool) {
        if (gateway != address(inbox)) return false;
        (uint64 chainId, address account) = EvmAddress.parseCalldata(sender);
        return account != address(0) && account == _remotes[chainId].counterpart;
    }

    /// @inheritdoc BridgeFungible
    function _processMessage(address, bytes32 id, bytes calldata sender, bytes calldata payload)
        internal
        override
        nonReentrant
    {
        (uint64 chainId, address counterpart) = EvmAddress.parseCalldata(sender);
        Remote storage there = _remotes[chainId];
        _checkOpen(chainId, there, counterpart);

        (bytes memory from, bytes memory to, uint256 amount) = abi.decode(payload, (bytes, bytes, uint256));
        require(to.length == 20, BadRecipient(to));
        address recipient = address(bytes20(to));

        _takeIn(chainId, there, amount);
        _release(chainId, there, amount);
        _onReceive(recipient, amount);
        emit CrosschainFungibleTransferReceived(id, from, recipient, amount);
    }

    function _checkOpen(uint64 chainId, Remote storage there, address counterpart) private view {
        require(counterpart != address(0), NotLinked(chainId));
        require(!there.paused, AssetPaused());
        require(there.window != 0, LimitUnset(chainId));
    }

    /// @dev Counts what comes in, if it fits.
    function _takeIn(uint64 chainId, Remote storage from, uint256 amount) private {
        uint256 capacity = from.capacity;
        if (capacity == UNLIMITED) return;
        (uint256 level, uint256 time) = _level(from);
        uint256 room_ = level < capacity ? capacity - level : 0;
        require(
            amount <= room_,
            LimitExceeded(chainId, amount, room_, RateLimit.fitsAt(amount, level, time, capacity, from.window))
        );
        from.used = uint112(level + amount);
        from.since = uint32(time);
    }

    /// @dev Counts what comes back: else a refund would be a way to make room. It may overdraw the limit, so that it always
    /// comes to pass; below settled it waits until the limit is not overdrawn.
    function _takeBack(uint64 chainId, Remote storage from, uint256 amount) private {
        uint256 capacity = from.capacity;
        if (capacity == UNLIMITED) return;
        (uint256 level, uint256 time) = _level(from);
        require(
            assurance == SETTLED || level <= capacity,
            LimitExceeded(chainId, amount, 0, RateLimit.fitsAt(0, level, time, capacity, from.window))
        );
        uint256 used = level + amount;
        from.used = used < UNLIMITED ? uint112(used) : UNLIMITED;
        from.since = uint32(time);
    }

    function _level(Remote storage from) private view returns (uint256 level, uint256 time) {
        if (from.capacity == 0) return (0, block.timestamp);
        return RateLimit.leak(from.used, from.since, block.timestamp, from.capacity, from.window);
    }

    function _setPaused(bool value) private {
        paused = value;
        for (uint256 i; i < _chains.length; ++i) {
            _remotes[_chains[i]].paused = value;
        }
    }
}
