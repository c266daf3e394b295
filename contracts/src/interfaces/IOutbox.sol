// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {IHeads} from "./IHeads.sol";

/// @title Accepts messages to other chains, and settles them when their receipts come back
/// @notice An ERC-7786 source with ERC-7930 addresses. Each message enters the hash chain of its lane, which destinations
/// check instead of the message; `msg.value` is the fee, held until the destination's receipt says who earned it.
/// Sending and settling are permissionless; the owner only opens lanes.
///
/// Attributes: `gasLimit(uint32)` for the call to the recipient (200,000 if not given, at most 10,000,000),
/// `expiry(uint64)` unix seconds on the destination's clock (never, if not given: then never refunded),
/// `assurance(uint8)` class of the lane (settled, if not given), `allowNoCode()`.
///
/// Statuses and fees are named by (destination, assurance, nonce). Bytes are in `docs/reference/protocol.md`.
/// @custom:invariant Each nonce settles at most once, as delivered or as expired.
/// @custom:invariant A lane never pays out more than it took in.
interface IOutbox is IERC7786GatewaySource {
    /// @notice The three lanes to `destination` are open.
    event Opened(uint64 indexed destination, address inbox);
    /// @notice Follows each `MessageSent`: `place = destination << 72 | assurance << 64 | nonce`.
    event MessagePlaced(uint256 place);
    /// @notice `amount` wei more for whoever makes the message at `place` succeed.
    event FeeAdded(uint256 indexed place, address indexed from, uint256 amount);
    /// @notice Nonces `first + i`, for each bit i of `bitmap`, are settled as delivered; `payee` is credited `amount` wei,
    /// fees and top-ups. `place = destination << 72 | assurance << 64 | first`, `first` a multiple of 256.
    event Settled(uint256 indexed place, uint256 bitmap, address indexed payee, uint256 amount);
    /// @notice The message at `place` is settled as expired; `sender` is credited `amount` wei, fee and top-ups.
    event Refunded(bytes32 indexed id, uint256 indexed place, address indexed sender, uint256 amount);
    /// @notice `amount` wei of `account`'s credit went to `to`.
    event Claimed(address indexed account, address indexed to, uint256 amount);

    /// @notice This chain's id does not fit the header's 64 bits.
    error UnsupportedChain(uint256 chainId);
    /// @notice A destination is another chain with an id of 64 bits, and its inbox is not zero.
    error BadDestination(uint256 destination, address inbox);
    /// @notice A destination's inbox is set once.
    error AlreadyOpen(uint64 destination, address inbox);
    /// @notice No lane leads to this chain.
    error UnknownDestination(uint256 destination);
    /// @notice A message has a recipient.
    error ZeroRecipient();
    /// @notice Longer than one transaction surely carries.
    error PayloadTooLong(uint256 length, uint256 limit);
    /// @notice Twice, of wrong length, or its value out of range (an expiry in the past, a gas limit above 10,000,000).
    error BadAttribute(bytes attribute);
    /// @notice Fees are whole gwei, and all that a lane holds fits 56 bits of them. A top-up is not zero.
    error BadFee(uint256 value);
    /// @notice The lane's 2^40 nonces are used.
    error LaneFull(uint64 destination, uint8 assurance);
    /// @notice The lane has not yet sent a message with this nonce.
    error NotSent(uint64 destination, uint8 assurance, uint256 nonce);
    /// @notice The message is settled.
    error AlreadySettled(uint64 destination, uint8 assurance, uint64 nonce);
    /// @notice The segment of receipts does not parse to its end, or a field is out of range; `offset` is the byte
    /// where reading stopped.
    error BadSegment(uint256 offset);
    /// @notice The id is not where the lane's own log has the header's nonce: this message was never sent.
    error NotOnLog(bytes32 id);
    /// @notice `verifiers` vouch for the receipts, and none has the class of the lane.
    error EvidenceTooWeak(uint256 verifiers, uint8 assurance);
    /// @notice The receipts claim more than the lane holds.
    error Overdrawn(uint256 owed, uint256 held);
    /// @notice Nothing to claim.
    error NoCredit(address account);

    /// @notice Registry that judges evidence; fixed.
    function heads() external view returns (IHeads);

    /// @notice Opens the three lanes (one per class) to `inbox` on `destination`, for good. Owner only.
    /// @custom:throws BadDestination, AlreadyOpen
    function register(uint64 destination, address inbox) external;

    /// @notice Adds `msg.value` to the fee of a message that is sent and not yet settled. Whoever the receipt names earns
    /// it, or the sender gets it back with the fee.
    /// @custom:throws BadFee, NotSent, AlreadySettled
    function addFee(uint64 destination, uint8 assurance, uint64 nonce) external payable;

    /// @notice Settles messages by receipts of their destination, shown at the lane's class or better. Credits only,
    /// calls nobody. An entry that touches a settled nonce settles nothing; one may be left unopened.
    /// @param segment Packed, chapter 6 of the protocol; read to its last byte
    /// @param evidence Empty when the head was shown before, else verifier number ‖ proof (see {IHeads})
    /// @custom:throws BadSegment, UnknownDestination, NotSent, NotOnLog, EvidenceTooWeak, Overdrawn, and what
    /// {IHeads.check} throws
    function settle(bytes calldata segment, bytes calldata evidence) external;

    /// @notice Pays the caller's whole credit to `to`.
    /// @custom:throws NoCredit
    function claim(address to) external;

    /// @notice Pays the whole credit of `account` to itself. Anyone may.
    /// @custom:throws NoCredit
    function claimFor(address account) external;

    /// @notice A lane: head of its log, the inbox at its end (zero: not open), the next nonce, and the gwei it holds.
    function lane(uint64 destination, uint8 assurance)
        external
        view
        returns (bytes32 head, address inbox, uint64 nonce, uint64 escrowGwei);

    /// @notice Head after message `256 * page - 1`, for page >= 1; 0 if not there yet.
    function pageHead(uint64 destination, uint8 assurance, uint256 page) external view returns (bytes32 head);

    /// @notice Bitmap of settled nonces: bit i is nonce `256 * page + i`.
    function settled(uint64 destination, uint8 assurance, uint256 page) external view returns (uint256 bitmap);

    /// @notice Wei added with {addFee} and not yet settled.
    function topUp(uint64 destination, uint8 assurance, uint64 nonce) external view returns (uint256 amount);

    /// @notice Whether the message was settled as expired: what a contract that holds escrow refunds by.
    function expired(bytes32 id) external view returns (bool);

    /// @notice Wei, fee and top-ups, that the sender of an expired message was credited: a contract that sends for others
    /// learns here what is whose.
    function refundOf(bytes32 id) external view returns (uint256 amount);

    /// @notice Wei that `account` can claim.
    function credit(address account) external view returns (uint256 amount);
}
