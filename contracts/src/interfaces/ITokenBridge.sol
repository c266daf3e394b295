// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {IInbox} from "./IInbox.sol";
import {IOutbox} from "./IOutbox.sol";

/// @title Moves one ERC-20 between chains by messages
/// @notice Two contracts, one on each chain, each the other's counterpart: at home tokens are locked and released, on the
/// remote they are minted and burned. Built on OpenZeppelin's `BridgeFungible`: its payload, its events and its
/// `crosschainTransfer` are the same.
///
/// - One class for all it sends and accepts: minted tokens are fungible, so what backs them is as weak as the weakest
///   evidence that mints, releases or refunds.
/// - Every transfer has an expiry: it is delivered by then, or refunded by proof of its receipt to whoever sent it.
/// - Only net value that comes in is limited. A transfer over the limit reverts in the Inbox, which parks it: it is retried
///   when it fits, or refunded after its expiry, never both.
/// - A pause stops sending and receiving, never a refund.
///
/// Chains without a link or without a limit are refused both ways; no limit is a choice, {UNLIMITED}.
/// @custom:invariant Minted on a remote, and in flight to or from it, is at most what is locked for it at home.
/// @custom:invariant A transfer is received or refunded, never both, each at most once.
interface ITokenBridge {
    /// @notice What a bridge is built with; nothing of it changes.
    /// @param outbox Sends
    /// @param inbox The only contract that may call {receiveMessage}
    /// @param guard May pause
    /// @param assurance Class of all that is sent and accepted (0 attested, 1 optimistic, 2 settled)
    /// @param gasLimit Gas of each transfer at its destination
    /// @param lifetime Seconds until a transfer expires whose sender names no expiry
    struct Terms {
        IOutbox outbox;
        IInbox inbox;
        address guard;
        uint8 assurance;
        uint32 gasLimit;
        uint64 lifetime;
    }

    /// @notice What a bridge knows of a remote chain.
    /// @param counterpart The bridge there; zero: no link
    /// @param window Seconds in which a full limit empties; zero: no limit set, the chain is refused
    /// @param locked Tokens held for that chain (home only)
    /// @param used Net value that came in, at time `since`
    /// @param since Unix seconds
    /// @param capacity Most net value to come in within a window; {UNLIMITED}: any
    struct Remote {
        address counterpart;
        uint32 window;
        bool paused;
        uint112 locked;
        uint112 used;
        uint32 since;
        uint112 capacity;
    }

    /// @notice At most `capacity` net comes in from `chainId` in `window` seconds.
    event LimitSet(uint64 indexed chainId, uint112 capacity, uint32 window);
    /// @notice The transfer `id` expired, and `amount` went back to `to`; `fee` wei are its to {claimFees}.
    event TransferRefunded(bytes32 indexed id, address indexed to, uint256 amount, uint256 fee);
    /// @notice `amount` wei of refunded fees went to `account`.
    event FeesClaimed(address indexed account, uint256 amount);

    /// @notice The outbox, inbox and guard are contracts, the class is known, gas limit (at most 10,000,000) and lifetime are not
    /// zero.
    error BadTerms(Terms terms);
    /// @notice No link to this chain.
    error NotLinked(uint64 chainId);
    /// @notice A link leads to another chain and a contract there.
    error BadCounterpart(uint64 chainId, address counterpart);
    /// @notice No limit is set for this chain: say {UNLIMITED} if there is to be none.
    error LimitUnset(uint64 chainId);
    /// @notice Capacity and window are not zero (to stop an asset, pause it), and the capacity is a round number: at most 2^48
    /// times a power of ten.
    error BadLimit(uint112 capacity, uint32 window);
    /// @notice The asset is paused.
    error AssetPaused();
    /// @notice Tokens go to someone: not to zero, and not to the counterpart itself.
    error BadRecipient(bytes to);
    /// @notice More than nothing, and at most 112 bits.
    error BadAmount(uint256 amount);
    /// @notice Every transfer expires.
    error NoExpiry();
    /// @notice `value` does not fit: there is `room`, and, if nothing else comes in, it fits at `fitsAt` (unix seconds; the
    /// end of time if it is above the capacity).
    error LimitExceeded(uint64 chainId, uint256 value, uint256 room, uint256 fitsAt);
    /// @notice No header of a message that this bridge sent; or wei from other than the Outbox.
    error NotOurMessage();
    /// @notice The payload is not the one the header was made for.
    error WrongPayload(bytes32 expected, bytes32 actual);
    /// @notice No receipt has settled this message as expired.
    error NotExpired(bytes32 id);
    /// @notice A transfer is refunded once.
    error AlreadyRefunded(bytes32 id);
    /// @notice Nothing to claim.
    error NoFees(address account);

    /// @notice The capacity that limits nothing.
    function UNLIMITED() external view returns (uint112);

    /// @notice Sends.
    function outbox() external view returns (IOutbox);

    /// @notice The only contract that may deliver here.
    function inbox() external view returns (IInbox);

    /// @notice May pause.
    function guard() external view returns (address);

    /// @notice Class of all that is sent and accepted.
    function assurance() external view returns (uint8);

    /// @notice Gas of each transfer at its destination.
    function gasLimit() external view returns (uint32);

    /// @notice Seconds until a transfer expires whose sender names no expiry.
    function lifetime() external view returns (uint64);

    /// @notice What is known of a remote chain, as stored: `used` is as of `since`.
    function remote(uint64 chainId) external view returns (Remote memory);

    /// @notice Net value that may come in from a chain now.
    function room(uint64 chainId) external view returns (uint256);

    /// @notice Whether the transfer was refunded.
    function refunded(bytes32 id) external view returns (bool);

    /// @notice Wei of refunded fees that `account` can claim.
    function feesOf(address account) external view returns (uint256);

    /// @notice Names the bridge on a remote chain, once. Owner only.
    /// @custom:throws BadCounterpart, LinkAlreadyRegistered
    function link(uint64 chainId, address counterpart) external;

    /// @notice Limits what may come in from a chain, net, to `capacity` in `window` seconds. What has come in stays counted.
    /// Owner only.
    /// @custom:throws NotLinked, BadLimit
    function setLimit(uint64 chainId, uint112 capacity, uint32 window) external;

    /// @notice Sends `amount` of the caller's tokens to `to`, with `msg.value` as the fee for whoever delivers. At home the
    /// bridge needs an approval of `amount`. `crosschainTransfer(to, amount)` is the same without fee and with the
    /// default lifetime.
    /// @param to ERC-7930 address on a linked chain
    /// @param expiry Unix seconds on the destination's clock: delivered by then, or refunded
    /// @return id Message id
    /// @custom:throws BadAddress, NotLinked, LimitUnset, AssetPaused, BadRecipient, BadAmount, NoExpiry, what the token
    /// throws, and what {IOutbox} throws
    function transfer(bytes calldata to, uint256 amount, uint64 expiry) external payable returns (bytes32 id);

    /// @notice Gives an expired transfer back to who sent it, and credits its fee. Anyone may, at any time after
    /// {IOutbox.settle} has settled it as expired; no pause stops it. It counts as value that comes in; on a
    /// class below settled, where a forged receipt would be an exit too, it waits while the limit is overdrawn.
    /// @param header 163 bytes
    /// @custom:throws NotOurMessage, WrongPayload, NotExpired, AlreadyRefunded, LimitExceeded
    function refund(bytes calldata header, bytes calldata payload) external;

    /// @notice Pays out refunded fees. Anyone may, to `account` only.
    /// @custom:throws NoFees
    function claimFees(address account) external;
}
