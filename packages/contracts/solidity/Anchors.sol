// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AllRoundsAnchored,
    HeadMoved,
    JobEnded,
    JobNotOpen,
    LeaseHeld,
    NotLeaseHolder,
    WrongEpoch,
    WrongRound
} from "./Errors.sol";
import {Escrow} from "./Escrow.sol";
import {Registry} from "./Registry.sol";

/// @notice Who coordinates a job, and the chain of its rounds.
/// @dev A lease that ran out stays with its holder until somebody else takes it: only a takeover changes the epoch.
contract Anchors {
    struct JobAnchors {
        address holder;
        uint32 epoch;
        uint48 expiresAt;
        /// Rounds anchored.
        uint32 rounds;
        /// The job diverged: no more rounds.
        bool ended;
        bytes32 head;
    }

    Registry public immutable registry;
    Escrow public immutable escrow;
    uint128 private immutable _leaseBond;
    uint48 private immutable _leaseSeconds;

    mapping(bytes32 job => JobAnchors) private _anchors;
    /// @notice The block of a round's anchor: its beacon is drawn from a later one.
    mapping(bytes32 job => mapping(uint32 round => uint64)) public blockOf;

    event LeaseTaken(bytes32 indexed job, address indexed holder, uint32 epoch, uint48 expiresAt);
    event LeaseReleased(bytes32 indexed job, address indexed holder, uint32 epoch);
    event Anchored(
        bytes32 indexed job, uint32 indexed round, bytes32 head, bytes32 globalRoot, bytes32 documentId, address holder
    );
    event Ended(bytes32 indexed job, uint32 rounds, bytes32 head, bytes32 documentId, address holder);

    constructor(Registry registry_, Escrow escrow_) {
        registry = registry_;
        escrow = escrow_;
        _leaseBond = registry_.parameters().leaseBond;
        _leaseSeconds = registry_.parameters().leaseSeconds;
    }

    /// @notice Takes the lease of a job that nobody holds, or whose holder let it run out.
    /// @dev Also of a cancelled job, so that its final earnings find an asserter.
    function takeLease(bytes32 job) external {
        registry.requireRunning();
        (Escrow.Status status,) = escrow.statusOf(job);
        if (status != Escrow.Status.Open && status != Escrow.Status.Cancelled) revert JobNotOpen(job);
        JobAnchors storage a = _anchors[job];
        address previous = a.holder;
        if (previous != address(0) && block.timestamp < a.expiresAt) revert LeaseHeld(previous, a.expiresAt);
        if (previous != address(0)) registry.unlock(previous, _leaseBond);
        registry.lock(msg.sender, _leaseBond);
        a.holder = msg.sender;
        a.epoch++;
        _renew(a);
        emit LeaseTaken(job, msg.sender, a.epoch, a.expiresAt);
    }

    /// @notice Gives a lease back and frees its bond.
    function releaseLease(bytes32 job, uint32 epoch) external {
        JobAnchors storage a = _held(job, msg.sender, epoch);
        a.holder = address(0);
        registry.unlock(msg.sender, _leaseBond);
        emit LeaseReleased(job, msg.sender, epoch);
    }

    /// @notice Adds the next round to a job's chain and renews the lease.
    function anchor(
        bytes32 job,
        uint32 epoch,
        bytes32 previousHead,
        uint32 round,
        bytes32 globalRoot,
        bytes32 documentId
    ) external {
        JobAnchors storage a = _growing(job, epoch, previousHead);
        if (round != a.rounds) revert WrongRound(a.rounds);
        a.rounds = round + 1;
        a.head = keccak256(abi.encode(previousHead, round, globalRoot, documentId));
        blockOf[job][round] = uint64(block.number);
        _renew(a);
        emit Anchored(job, round, a.head, globalRoot, documentId, msg.sender);
    }

    /// @notice Ends a job that diverged in the round after its last anchor; `documentId` says where.
    function end(bytes32 job, uint32 epoch, bytes32 previousHead, bytes32 documentId) external {
        JobAnchors storage a = _growing(job, epoch, previousHead);
        a.ended = true;
        a.head = keccak256(abi.encode(previousHead, a.rounds, bytes32(0), documentId));
        emit Ended(job, a.rounds, a.head, documentId, msg.sender);
    }

    /// @notice Reverts unless `account` holds the job's lease in this epoch.
    function requireHolder(bytes32 job, address account, uint32 epoch) external view {
        _held(job, account, epoch);
    }

    function anchorsOf(bytes32 job) external view returns (JobAnchors memory) {
        return _anchors[job];
    }

    /// @dev Compare-and-set: a takeover (epoch) or another anchor (head) in between makes the call fail.
    function _growing(bytes32 job, uint32 epoch, bytes32 previousHead) private view returns (JobAnchors storage a) {
        uint32 rounds = escrow.openRounds(job);
        a = _held(job, msg.sender, epoch);
        if (a.ended) revert JobEnded(job);
        if (a.rounds == rounds) revert AllRoundsAnchored(rounds);
        if (a.head != previousHead) revert HeadMoved(a.head);
    }

    function _held(bytes32 job, address account, uint32 epoch) private view returns (JobAnchors storage a) {
        a = _anchors[job];
        if (a.holder != account) revert NotLeaseHolder(account);
        if (a.epoch != epoch) revert WrongEpoch(a.epoch);
    }

    function _renew(JobAnchors storage a) private {
        a.expiresAt = uint48(block.timestamp) + _leaseSeconds;
    }
}
