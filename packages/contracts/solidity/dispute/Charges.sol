// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OtherClaim} from "../Errors.sol";
import {Anchor, Audit, DIVERGED, UnitClaim} from "../Works.sol";
import {Opening, Subject} from "./GameTypes.sol";
import {BadPart, ProvableJob, Subjects} from "./Subjects.sol";

/// @notice What a challenger says is wrong with a claim, and what it takes to see what that is. ABI-encoded, it opens a
/// game; `Disputes.open` says of which place in a link, and whether of its outer step.
struct Charge {
    /// Of a training unit: the steps up to this checkpoint, or what it leaves behind.
    uint32 part;
    ProvableJob job;
    /// The unit's; for an outer step those of all replicas, in their order.
    UnitClaim[] claims;
    /// Those of all replicas in the round before; for a unit that did not begin where its replica was left. Else empty.
    UnitClaim[] claimsBefore;
    /// The program's first leaf.
    Opening contents;
}

/// @notice What the chain knows of the job that a charge is about.
struct Known {
    bytes32 provable;
    uint32 replicas;
}

/// @title From a charge to what its game is about; some need no game.
library Charges {
    /// @return isWrong Whether the claim is refuted by the charge alone.
    function subjectOf(Anchor calldata a, uint32 position, bool outer, Charge memory charge, Known memory known)
        internal
        pure
        returns (bool isWrong, Subject memory s)
    {
        if (keccak256(abi.encode(charge.job)) != known.provable) revert OtherClaim();
        if (outer) return _outerStep(a, charge, known.replicas);
        uint256 works = a.works.length;
        return position < works
            ? _unit(a, position, charge, known.replicas)
            : _attestation(a.audits[position - works], charge, known.replicas);
    }

    /// @dev A step that went on from a unit that left the domain is refuted at once: there was nothing to go on from.
    function _outerStep(Anchor calldata a, Charge memory charge, uint32 replicas)
        private
        pure
        returns (bool isWrong, Subject memory s)
    {
        if (charge.claims.length != replicas) revert OtherClaim();
        for (uint256 i = 0; i < replicas; i++) {
            _requireClaim(charge.claims[i], a.works[i].claim);
            if (a.globalRoot != 0 && charge.claims[i].updateRoot == DIVERGED) isWrong = true;
        }
        bytes32 start = a.round == 0 ? charge.job.initialRoot : a.previousRoot;
        s = Subjects.ofOuterStep(charge.job, charge.claims, charge.contents, a.round, start, a.globalRoot);
    }

    /// @dev A claim that no unit can have come to, or that begins from another state than it should, is refuted at once.
    function _unit(Anchor calldata a, uint32 position, Charge memory charge, uint32 replicas)
        private
        pure
        returns (bool isWrong, Subject memory s)
    {
        _requireClaim(charge.claims[0], a.works[position].claim);
        uint32 index = a.works[position].index;
        if (index < replicas && Subjects.isImpossible(charge.job, charge.claims[0], charge.part)) return (true, s);
        s = _part(charge, a.round, index, replicas);
        if (index == replicas) return (s.globalRoot != a.globalRoot, s);
        bytes32 start = a.round == 0 ? charge.job.initialRoot : a.previousRoot;
        isWrong = s.globalRoot != start || !_beginsRight(a, index, charge);
    }

    /// @dev Where the unit began is not the verifier's to answer for: the claim's start is agreed. Refuted at once is who attests
    /// to a segment that the unit does not have, or to what no unit can have come to.
    function _attestation(Audit calldata audit, Charge memory charge, uint32 replicas)
        private
        pure
        returns (bool isWrong, Subject memory s)
    {
        _requireClaim(charge.claims[0], audit.claim);
        bool isReplica = audit.index < replicas;
        uint32 segments = isReplica ? charge.job.checkpoints : 1;
        if (audit.segment > segments) return (true, s);
        // The last segment is followed by what the unit leaves behind.
        bool isLast = audit.segment + 1 == segments && charge.part == segments;
        bool isOf = audit.segment == segments || charge.part == audit.segment || isLast;
        if (isReplica && !isOf) revert BadPart();
        if (isReplica && Subjects.isImpossible(charge.job, charge.claims[0], charge.part)) return (true, s);
        s = _part(charge, audit.round, audit.index, replicas);
    }

    function _part(Charge memory charge, uint32 round, uint32 index, uint32 replicas)
        private
        pure
        returns (Subject memory s)
    {
        if (index == replicas) return Subjects.ofEvaluation(charge.job, charge.claims[0], charge.contents, round);
        s = Subjects.ofTraining(charge.job, charge.claims[0], charge.contents, round, charge.part);
        s.replica = index;
    }

    /// @dev Whether a unit began from the state in which the round before left its replica, as far as the charge shows.
    function _beginsRight(Anchor calldata a, uint32 index, Charge memory charge) private pure returns (bool) {
        bytes32 start = charge.job.freshReplicaRoot;
        if (charge.job.isReplicaKept && a.round > 0) {
            if (charge.claimsBefore.length == 0) return true;
            bytes32[] memory hashes = new bytes32[](charge.claimsBefore.length);
            for (uint256 i = 0; i < hashes.length; i++) hashes[i] = keccak256(abi.encode(charge.claimsBefore[i]));
            if (keccak256(abi.encodePacked(hashes)) != a.previousClaims) revert OtherClaim();
            start = charge.claimsBefore[index].newReplicaRoot;
        }
        return charge.claims[0].replicaRoot == start;
    }

    function _requireClaim(UnitClaim memory claim, bytes32 expected) private pure {
        if (keccak256(abi.encode(claim)) != expected) revert OtherClaim();
    }
}
