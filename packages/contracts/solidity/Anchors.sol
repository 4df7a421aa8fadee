// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AllRoundsAnchored,
    BadRecord,
    BadWorks,
    HeadMoved,
    JobEnded,
    JobNotOpen,
    LeaseHeld,
    NotLeaseHolder,
    TooManyUnsettled,
    WrongEpoch,
    WrongRound
} from "./Errors.sol";
import {Escrow} from "./Escrow.sol";
import {Inclusions} from "./Inclusions.sol";
import {Registry} from "./Registry.sol";
import {Terms} from "./Terms.sol";
import {Anchor, claimsHash, UnitClaim} from "./Works.sol";

/// @notice Who coordinates a job, and the chain of its rounds.
/// @dev A lease that ran out stays with its holder until somebody else takes it: only a takeover changes the epoch.
contract Anchors is Inclusions {
    uint128 private immutable _leaseBond;
    uint48 private immutable _leaseSeconds;

    event LeaseTaken(bytes32 indexed job, address indexed holder, uint32 epoch, uint48 expiresAt);
    event LeaseReleased(bytes32 indexed job, address indexed holder, uint32 epoch);

    constructor(Registry registry_, Escrow escrow_) Inclusions(registry_, escrow_) {
        _leaseBond = registry_.parameters().leaseBond;
        _leaseSeconds = registry_.parameters().leaseSeconds;
    }

    /// @notice Takes the lease of a job that nobody holds, or whose holder let it run out.
    /// @dev Also of a cancelled job, so that its final earnings find an asserter.
    function takeLease(bytes32 job) external {
        registry.requireRunning();
        (Escrow.Status status,) = escrow.statusOf(job);
        if (status != Escrow.Status.Open && status != Escrow.Status.Cancelled) revert JobNotOpen(job);
        JobAnchors storage j = _jobs[job];
        address previous = j.holder;
        if (previous != address(0) && block.timestamp < j.expiresAt) revert LeaseHeld(previous, j.expiresAt);
        if (previous != address(0)) registry.unlock(previous, _leaseBond);
        registry.lock(msg.sender, _leaseBond);
        j.holder = msg.sender;
        j.epoch++;
        _renew(j);
        emit LeaseTaken(job, msg.sender, j.epoch, j.expiresAt);
    }

    /// @notice Gives a lease back and frees its bond.
    function releaseLease(bytes32 job, uint32 epoch) external {
        JobAnchors storage j = _held(job, msg.sender, epoch);
        j.holder = address(0);
        registry.unlock(msg.sender, _leaseBond);
        emit LeaseReleased(job, msg.sender, epoch);
    }

    /// @notice Adds the next round to a job's chain, locks the bonds of its works and attestations and renews the lease.
    /// @param claims What its works claim, in their order.
    function anchor(uint32 epoch, Anchor calldata a, UnitClaim[] calldata claims) external {
        (Escrow.Status status,) = escrow.statusOf(a.job);
        if (status != Escrow.Status.Open) revert JobNotOpen(a.job);
        Terms memory terms = escrow.termsOf(a.job);
        JobAnchors storage j = _growing(epoch, a);
        if (j.rounds == terms.rounds) revert AllRoundsAnchored(terms.rounds);
        if (a.round >= j.finalRounds + terms.maximumUnsettled) revert TooManyUnsettled(j.finalRounds);
        // No outer step leads to a root of zero.
        if (a.globalRoot == 0) revert BadRecord();
        _requireInDomain(claims);
        _requireFull(a, terms);
        _append(j, a, claims, terms, true);
        _requireIncluded(a);
        j.rounds = a.round + 1;
        (j.root, j.claims) = (a.globalRoot, claimsHash(a, terms.replicas));
        _renew(j);
        emit Anchored(a.job, a.round, j.head, a);
    }

    /// @notice Closes the chain: of a job that diverged in the round after its last anchor, with that round's units, and its
    /// evaluation if that is where it did; of one that was cancelled, with what was done of that round; of one that has all its
    /// rounds, with the last attestations.
    function end(uint32 epoch, Anchor calldata a, UnitClaim[] calldata claims) external {
        (Escrow.Status status,) = escrow.statusOf(a.job);
        bool cancelled = status == Escrow.Status.Cancelled;
        if (status != Escrow.Status.Open && !cancelled) revert JobNotOpen(a.job);
        Terms memory terms = escrow.termsOf(a.job);
        JobAnchors storage j = _growing(epoch, a);
        // No outer step leads to a root of zero; one to another led to the state whose evaluation left the domain.
        bool evaluated = a.globalRoot != 0;
        if (evaluated != _isDiverged(a, claims, terms)) revert BadRecord();
        bool complete = j.rounds == terms.rounds;
        if (evaluated && !complete) _requireFull(a, terms);
        else _requirePart(a, terms, complete, cancelled);
        // Somebody answers for it that the job diverged.
        _append(j, a, claims, terms, !complete && (evaluated || !cancelled));
        _requireIncluded(a);
        j.ended = true;
        emit Ended(a.job, j.rounds, j.head, a);
    }

    /// @notice Reverts unless `account` holds the job's lease in this epoch.
    function requireHolder(bytes32 job, address account, uint32 epoch) external view {
        _held(job, account, epoch);
    }

    /// @dev Compare-and-set: a takeover (epoch), another anchor or a rewind (head) in between makes the call fail.
    function _growing(uint32 epoch, Anchor calldata a) private view returns (JobAnchors storage j) {
        j = _held(a.job, msg.sender, epoch);
        if (j.ended) revert JobEnded(a.job);
        if (j.head != a.previousHead) revert HeadMoved(j.head);
        if (a.round != j.rounds) revert WrongRound(j.rounds);
        if (a.coordinator != msg.sender || a.previousRoot != j.root || a.previousClaims != j.claims) {
            revert BadRecord();
        }
    }

    function _held(bytes32 job, address account, uint32 epoch) private view returns (JobAnchors storage j) {
        j = _jobs[job];
        if (j.holder != account) revert NotLeaseHolder(account);
        if (j.epoch != epoch) revert WrongEpoch(j.epoch);
    }

    function _renew(JobAnchors storage j) private {
        j.expiresAt = uint48(block.timestamp) + _leaseSeconds;
    }
}
