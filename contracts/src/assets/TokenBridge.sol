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
import {TransferCall} from "../libraries/TransferCall.sol";
import {ATTESTED, LAST_VERIFIER, SETTLED} from "../types/Assurance.sol";
import {MAX_GAS_LIMIT} from "../types/Message.sol";
import {newLink, NO_LIMIT, RemoteBooks, RemoteLink} from "../types/Remote.sol";

/// @title TokenBridge
/// @notice The rules that both ends of a bridge share; the manual is {ITokenBridge}. How tokens are taken and given is
/// left to OpenZeppelin's `_onSend` and `_onReceive`, what is booked at home to {_lock} and {_release}.
abstract contract TokenBridge is ITokenBridge, IPausable, BridgeFungible, ReentrancyGuardTransient, Ownable {
    using MessageCodec for bytes;
    using RateLimit for RemoteBooks;
    using TransferCall for TransferCall.Transfer;

    /// @dev What is known of a remote chain, as {Remote} but in two words.
    struct Entry {
        RemoteLink link;
        RemoteBooks books;
    }

    /// @inheritdoc ITokenBridge
    uint112 public constant UNLIMITED = NO_LIMIT;

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

    mapping(uint64 chainId => Entry) private _remotes;
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
        Entry storage there = _remotes[chainId];
        require(
            there.link.counterpart() == address(0),
            LinkAlreadyRegistered(InteroperableAddress.formatEvmV1(uint256(chainId)))
        );

        there.link = newLink(counterpart, paused);
        _chains.push(chainId);
        emit LinkRegistered(address(outbox), InteroperableAddress.formatEvmV1(chainId, counterpart));
    }

    /// @inheritdoc ITokenBridge
    function setLimit(uint64 chainId, uint112 capacity, uint32 window) external onlyOwner {
        Entry storage there = _remotes[chainId];
        RemoteLink old = there.link;
        require(old.counterpart() != address(0), NotLinked(chainId));
        (bool exact, RemoteLink limited) = old.withLimit(capacity, window);
        require(exact && capacity != 0 && window != 0, BadLimit(capacity, window));

        if (old.window() != 0) {
            (uint256 level,) = RateLimit.leak(there.books, old, block.timestamp);
            there.books = there.books.withUsed(level, block.timestamp);
        }
        there.link = limited;
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
        Entry storage there = _remotes[chainId];
        // What comes back counts: else a refund would be a way to make room. Settled, nothing holds it up.
        RemoteBooks books = there.books.takeBack(there.link, chainId, amount, assurance != SETTLED);
        there.books = _release(chainId, books, amount);

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
        Entry storage there = _remotes[chainId];
        return Remote({
            counterpart: there.link.counterpart(),
            window: uint32(there.link.window()),
            paused: there.link.paused(),
            locked: uint112(there.books.locked()),
            used: uint112(there.books.used()),
            since: uint32(there.books.since()),
            capacity: uint112(there.link.capacity())
        });
    }

    /// @inheritdoc ITokenBridge
    function room(uint64 chainId) external view returns (uint256) {
        return _remotes[chainId].books.room(_remotes[chainId].link);
    }

    /// @notice As OpenZeppelin's: the gateway and the counterpart of `chain`, an ERC-7930 chain without an address.
    function getLink(bytes memory chain) public view override returns (address gateway, bytes memory counterpart) {
        (uint256 chainId,) = InteroperableAddress.parseEvmV1(chain);
        address there = chainId <= type(uint64).max ? _remotes[uint64(chainId)].link.counterpart() : address(0);
        if (there != address(0)) {
            gateway = address(outbox);
            counterpart = InteroperableAddress.formatEvmV1(chainId, there);
        }
    }

    /// @dev OpenZeppelin's table of links by bytes stays empty: {link} keeps them by chain id, which a transfer reads in one word.
    function _setLink(address, bytes memory, bool) internal pure override {
        revert BadCounterpart(0, address(0));
    }

    /// @dev Whether this bridge may be linked so; each kind adds what it needs.
    function _checkLink(uint64 chainId, address counterpart) internal view virtual {
        require(
            chainId != 0 && chainId != block.chainid && counterpart != address(0), BadCounterpart(chainId, counterpart)
        );
    }

    /// @dev Books what leaves.
    function _lock(RemoteBooks books, uint256 amount) internal pure virtual returns (RemoteBooks);

    /// @dev Books what comes from `chainId`, or back.
    function _release(uint64 chainId, RemoteBooks books, uint256 amount) internal pure virtual returns (RemoteBooks);

    /// @dev OpenZeppelin's `crosschainTransfer`: no fee, default lifetime.
    function _crosschainTransfer(address, bytes memory to, uint256 amount) internal override returns (bytes32 id) {
        return _transfer(to, amount, uint64(block.timestamp) + lifetime);
    }

    // Where every transfer passes, refusals are written `if … revert`: `require` with an error costs a call each.

    /// @dev Both ways to send; the sender is always the caller, whose approval is spent and who is refunded.
    function _transfer(bytes memory to, uint256 amount, uint64 expiry) private nonReentrant returns (bytes32 id) {
        (uint64 chainId, address recipient) = EvmAddress.parse(to);
        Entry storage there = _remotes[chainId];
        address counterpart = _openLink(chainId, there).counterpart();
        if (recipient == address(0) || recipient == counterpart) revert BadRecipient(to);
        if (amount == 0 || amount > NO_LIMIT) revert BadAmount(amount);
        if (expiry == 0) revert NoExpiry();

        _onSend(msg.sender, amount);
        there.books = _lock(there.books.give(amount), amount);

        id = TransferCall.Transfer({
            recipient: EvmAddress.sameChain(to, counterpart),
            from: EvmAddress.format(uint64(block.chainid), msg.sender),
            to: recipient,
            amount: amount,
            expiry: expiry,
            assurance: assurance,
            gasLimit: gasLimit
        }).send(address(outbox));
        emit CrosschainFungibleTransferSent(id, msg.sender, to, amount);
    }

    /// @inheritdoc CrosschainLinked
    function _isAuthorizedGateway(address gateway, bytes calldata sender) internal view override returns (bool) {
        if (gateway != address(inbox)) return false;
        (uint64 chainId, address account) = EvmAddress.parseCalldata(sender);
        return account != address(0) && account == _remotes[chainId].link.counterpart();
    }

    /// @inheritdoc BridgeFungible
    function _processMessage(address, bytes32 id, bytes calldata sender, bytes calldata payload)
        internal
        override
        nonReentrant
    {
        // Who the sender is was checked in {_isAuthorizedGateway}.
        (uint64 chainId,) = EvmAddress.parseCalldata(sender);
        Entry storage there = _remotes[chainId];
        RemoteLink link_ = _openLink(chainId, there);
        (bytes memory from, bytes memory to, uint256 amount) = abi.decode(payload, (bytes, bytes, uint256));
        if (to.length != 20) revert BadRecipient(to);
        if (amount > NO_LIMIT) revert BadAmount(amount);
        address recipient = address(bytes20(to));

        there.books = _release(chainId, there.books.take(link_, chainId, amount), amount);

        _onReceive(recipient, amount);
        emit CrosschainFungibleTransferReceived(id, from, recipient, amount);
    }

    /// @dev The link to a chain with which value may be exchanged now.
    function _openLink(uint64 chainId, Entry storage there) private view returns (RemoteLink link_) {
        link_ = there.link;
        if (link_.counterpart() == address(0)) revert NotLinked(chainId);
        if (link_.paused()) revert AssetPaused();
        if (link_.window() == 0) revert LimitUnset(chainId);
    }

    function _setPaused(bool value) private {
        paused = value;
        for (uint256 i; i < _chains.length; ++i) {
            Entry storage there = _remotes[_chains[i]];
            there.link = there.link.withPaused(value);
        }
    }
}
