// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {IHeads} from "./interfaces/IHeads.sol";
import {IVerifier} from "./interfaces/IVerifier.sol";
import {assuranceOf, BELOW_SETTLED, LAST_VERIFIER, SETTLED} from "./types/Assurance.sol";
import {Lane, LogKind} from "./types/Lane.sol";

/// @title Registry of who may say what about other chains' logs
/// @notice See {IHeads}.
contract Heads is IHeads, Ownable {
    using EnumerableSet for EnumerableSet.Bytes32Set;

    /// @inheritdoc IHeads
    address public immutable guard;

    // What the hot path reads: `standing` is recomputed from the cold part below whenever that changes.
    /// @inheritdoc IHeads
    mapping(bytes32 log => uint256 verifiers) public standing;
    /// @inheritdoc IHeads
    mapping(bytes32 log => mapping(bytes32 head => uint256 verifiers)) public shown;
    /// @inheritdoc IHeads
    mapping(uint8 number => address verifier) public verifierOf;

    // The reasons.
    mapping(bytes32 log => uint256 verifiers) private _registered;
    mapping(bytes32 log => bool) private _isReceiptLog;
    mapping(uint8 number => EnumerableSet.Bytes32Set) private _logs;
    /// @inheritdoc IHeads
    mapping(bytes32 log => uint256 verifiers) public halted;
    /// @inheritdoc IHeads
    uint256 public suspended;

    modifier onlyGuard() {
        require(msg.sender == guard, NotGuard(msg.sender));
        _;
    }

    constructor(address owner_, address guard_) Ownable(owner_) {
        guard = guard_;
    }

    /// @inheritdoc IHeads
    function show(bytes32 log, bytes32 head, uint64 count, bytes calldata evidence)
        external
        returns (uint256 verifiers)
    {
        verifiers = check(log, head, count, evidence);
        shown[log][head] |= verifiers;
        emit Shown(log, head, count, verifiers);
    }

    /// @inheritdoc IHeads
    function register(uint8 number, address verifier, Lane calldata lane, LogKind kind) external onlyOwner {
        require(number <= LAST_VERIFIER, NumberTooHigh(number));
        require(verifier.code.length != 0, NotAContract(verifier));
        require(_isHeardHere(lane, kind), NotOurLane(lane, kind));
        require(assuranceOf(number) >= lane.assurance, ClassTooLow(number, lane.assurance));
        address known = verifierOf[number];
        require(known == address(0) || known == verifier, NumberTaken(number, known));

        bytes32 log = lane.logOf(kind);
        verifierOf[number] = verifier;
        _registered[log] |= 1 << number;
        _isReceiptLog[log] = kind == LogKind.RECEIPTS;
        _logs[number].add(log);
        _recompute(log);
        emit Registered(number, verifier, log, lane, kind);
    }

    /// @inheritdoc IHeads
    function halt(bytes32 log, bool keepSettled) external onlyGuard {
        halted[log] |= keepSettled ? BELOW_SETTLED : type(uint256).max;
        _recompute(log);
        emit Halted(log, keepSettled);
    }

    /// @inheritdoc IHeads
    function resume(bytes32 log) external onlyOwner {
        delete halted[log];
        _recompute(log);
        emit Resumed(log);
    }

    /// @inheritdoc IHeads
    function suspend(uint8 number) external onlyGuard {
        suspended |= 1 << number;
        _recomputeAll(number);
        emit Suspended(number);
    }

    /// @inheritdoc IHeads
    function reinstate(uint8 number) external onlyOwner {
        suspended &= ~(1 << number);
        _recomputeAll(number);
        emit Reinstated(number);
    }

    /// @inheritdoc IHeads
    function logsOf(uint8 number) external view returns (bytes32[] memory logs) {
        return _logs[number].values();
    }

    /// @inheritdoc IHeads
    function check(bytes32 log, bytes32 head, uint64 count, bytes calldata evidence)
        public
        view
        returns (uint256 verifiers)
    {
        require(head != 0, ZeroHead(log));
        uint256 allowed = standing[log];
        if (evidence.length == 0) {
            verifiers = shown[log][head] & allowed;
            require(verifiers != 0, UnknownHead(log, head));
        } else {
            uint8 number = uint8(evidence[0]);
            verifiers = 1 << number;
            require(allowed & verifiers != 0, NotStanding(log, number));
            IVerifier(verifierOf[number]).verify(log, head, count, evidence[1:]);
        }
    }

    /// @dev Whether this chain is the end of `lane` that hears of that log.
    function _isHeardHere(Lane calldata lane, LogKind kind) private view returns (bool) {
        uint256 here = kind == LogKind.LANE ? lane.destination : lane.origin;
        return here == block.chainid && lane.origin != lane.destination && lane.outbox != address(0)
            && lane.inbox != address(0) && lane.assurance <= SETTLED;
    }

    /// @dev Verifier `number` rose or fell: bounded by its registrations, which only the owner makes.
    function _recomputeAll(uint8 number) private {
        EnumerableSet.Bytes32Set storage logs = _logs[number];
        for (uint256 i; i < logs.length(); ++i) {
            _recompute(logs.at(i));
        }
    }

    /// @dev The one rule: registered, and not reached by a pause. On a receipt log no pause reaches settled verifiers,
    /// so that refunds go on.
    function _recompute(bytes32 log) private {
        uint256 reach = _isReceiptLog[log] ? BELOW_SETTLED : type(uint256).max;
        standing[log] = _registered[log] & ~((halted[log] | suspended) & reach);
    }
}
