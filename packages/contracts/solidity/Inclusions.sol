// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AllRoundsAnchored,
    AlreadyIncluded,
    BadWorks,
    JobEnded,
    JobNotOpen,
    LeaseOver,
    NotDisputable,
    StakeTooLow,
    WorkLeftOut,
    WrongEpoch,
    WrongRound
} from "./Errors.sol";
import {Escrow} from "./Escrow.sol";
import {Registry} from "./Registry.sol";
import {Rounds} from "./Rounds.sol";
import {POLICY_REDUNDANCY, Terms} from "./Terms.sol";
import {Anchor, UnitLease, Work} from "./Works.sol";

/// @notice Workers put units on the chain that a coordinator leased to them and does not take: it cannot anchor without.
/// @dev Kept under the head that the round follows: the next link or a rewind leaves them behind. They lock nothing.
abstract contract Inclusions is Rounds {
    struct Inclusion {
        address worker;
        uint32 index;
        /// From then on it binds nobody: whatever is included, a job goes on.
        uint48 bindsUntil;
        bytes32 claim;
        /// Hash of the worker's signature.
        bytes32 signature;
    }

    uint48 private immutable _bindingSeconds;

    mapping(bytes32 job => mapping(bytes32 head => Inclusion[])) private _included;

    /// @param head The one that the round follows. @param document Where the worker's commitment is found.
    event Included(
        bytes32 indexed job,
        bytes32 indexed head,
        uint32 index,
        address indexed worker,
        bytes32 claim,
        uint48 bindsUntil,
        bytes32 document,
        bytes signature
    );

    constructor(Registry registry_, Escrow escrow_) Rounds(registry_, escrow_) {
        // Made in the lease of whoever leaves it out, it outlives that lease by as long again: another can take over.
        _bindingSeconds = 2 * registry_.parameters().leaseSeconds;
    }

    /// @notice Demands that the caller's unit be in the next round, of which it shows the lease.
    /// @param signature The caller's, over its work. @param kept The custodians', in the order of the lease.
    function include(
        UnitLease calldata lease,
        bytes32 claim,
        bytes calldata signature,
        bytes[] calldata kept,
        bytes32 document
    ) external {
        JobAnchors storage j = _jobs[lease.job];
        _requireIncludable(j, lease, kept.length);
        _requireLeased(j.holder, lease);
        _requireWork(lease, j.root, j.claims, claim, signature);
        _requireKept(lease, claim, kept);
        _requireBond(lease.job);
        Inclusion[] storage all = _included[lease.job][j.head];
        for (uint256 i = 0; i < all.length; i++) {
            if (all[i].index == lease.index && _binds(all[i])) revert AlreadyIncluded(lease.index);
        }
        uint48 until = uint48(block.timestamp) + _bindingSeconds;
        all.push(Inclusion(msg.sender, lease.index, until, claim, keccak256(signature)));
        emit Included(lease.job, j.head, lease.index, msg.sender, claim, until, document, signature);
    }

    /// @notice Returns what was included for the round that follows a head, what binds nobody any more among it.
    function includedAfter(bytes32 job, bytes32 head) external view returns (Inclusion[] memory) {
        return _included[job][head];
    }

    /// @dev After the link's bonds are locked: a worker that has no stake left for one more cannot hold up the others.
    function _requireIncluded(Anchor calldata a) internal view {
        Inclusion[] storage all = _included[a.job][a.previousHead];
        uint256 count = all.length;
        if (count == 0) return;
        uint128 bond = escrow.unitBondOf(a.job);
        for (uint256 i = 0; i < count; i++) {
            if (!_binds(all[i]) || _isAmong(a.works, all[i])) continue;
            if (registry.freeOf(all[i].worker) >= bond) revert WorkLeftOut(all[i].index);
        }
    }

    function _requireIncludable(JobAnchors storage j, UnitLease calldata lease, uint256 kept) private view {
        (Escrow.Status status,) = escrow.statusOf(lease.job);
        if (status != Escrow.Status.Open) revert JobNotOpen(lease.job);
        Terms memory terms = escrow.termsOf(lease.job);
        if (terms.policy == POLICY_REDUNDANCY || escrow.unitBondOf(lease.job) == 0) revert NotDisputable(lease.job);
        // An earlier one counts as long as its holder signed: or letting a lease run out would end all that was leased.
        if (lease.epoch > j.epoch) revert WrongEpoch(j.epoch);
        if (j.ended) revert JobEnded(lease.job);
        if (j.rounds == terms.rounds) revert AllRoundsAnchored(terms.rounds);
        if (lease.round != j.rounds) revert WrongRound(j.rounds);
        if (block.timestamp > lease.until) revert LeaseOver(lease.until);
        // An evaluation begins from the round itself, of which the chain knows nothing before its anchor.
        bool fits = lease.index < terms.replicas && lease.custodians.length <= terms.custodians;
        if (!fits || kept != lease.custodians.length) revert BadWorks();
    }

    function _requireBond(bytes32 job) private view {
        (uint128 bond, uint128 free) = (escrow.unitBondOf(job), registry.freeOf(msg.sender));
        if (free < bond) revert StakeTooLow(msg.sender, bond, free);
    }

    /// @dev A claim that was refuted binds nobody: an anchor could not have it.
    function _binds(Inclusion storage one) private view returns (bool) {
        return block.timestamp < one.bindsUntil && !_lost[one.signature];
    }

    function _isAmong(Work[] calldata works, Inclusion storage one) private view returns (bool) {
        (uint32 index, uint256 i) = (one.index, 0);
        while (i < works.length && works[i].index < index) i++;
        return i < works.length && works[i].index == index && works[i].worker == one.worker && works[i].claim == one.claim;
    }
}
