// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DIVERGED, UnitClaim} from "../Works.sol";
import {Graph, Opening, Subject, Target} from "./GameTypes.sol";
import {Merkle} from "./Merkle.sol";

/// @notice What of a job a contract has to know to judge its units. The terms hold its hash.
struct ProvableJob {
    bytes32 programRoot;
    uint32 programLeaves;
    bytes32 dataRoot;
    bytes32 initialRoot;
    bytes32 freshReplicaRoot;
    bool isReplicaKept;
    uint32 seed;
    uint32 innerSteps;
    uint32 checkpoints;
    uint32 evaluationBatches;
}

/// The opening is not that of the program's first leaf.
error BadContents();
/// The unit has no such part, or it left the domain before.
error BadPart();

/// @title From a claim to what a game about it is about. Twin of packages/protocol/src/dispute/claims.ts.
library Subjects {
    /// @dev CBOR of [name, "f32", [1], root] up to the root.
    bytes private constant UNIT_LOSS = hex"8468756e69744c6f73736366333281015820";
    bytes private constant MEAN_LOSS = hex"84686d65616e4c6f73736366333281015820";
    /// Before the contents' first graph: the length of the judged part, and the leaf's kind.
    uint256 private constant HEAD_BYTES = 3;

    /// @notice Whether no unit can have come to what is claimed: it has not as many checkpoints as the job, something after what left
    /// the domain, or left it with some of what it leaves behind. There is nothing to play about then.
    function isImpossible(ProvableJob memory job, UnitClaim memory claim, uint32 part) internal pure returns (bool) {
        bytes32[] memory roots = claim.checkpointRoots;
        if (roots.length != job.checkpoints) return true;
        if (part > roots.length) return false;
        // SAFETY: zero stands for what is not there; nothing has that root.
        if (part > 0 && roots[part - 1] == 0) return true;
        bool isAfter = part > 0 && roots[part - 1] == DIVERGED;
        if (part < roots.length) return roots[part] == 0 || (isAfter && roots[part] != DIVERGED);
        if (claim.updateRoot == 0 || claim.newReplicaRoot == 0) return true;
        bool diverged = claim.updateRoot == DIVERGED;
        if (diverged != (claim.newReplicaRoot == DIVERGED) || (diverged && claim.lossBits != 0)) return true;
        return isAfter && !diverged;
    }

    /// @notice About the steps up to checkpoint `part`, counted from 0; where `part` is the number of checkpoints, about
    /// what the unit leaves behind.
    function ofTraining(ProvableJob memory job, UnitClaim memory claim, Opening memory contents, uint32 round, uint32 part)
        internal
        pure
        returns (Subject memory s)
    {
        if (part > job.checkpoints) revert BadPart();
        (s.globalRoot, s.replicaRoot) = (claim.globalRoot, claim.replicaRoot);
        if (part > 0) s.previous = claim.checkpointRoots[part - 1];
        // Nothing runs after a run that left the domain: whoever doubts that it did disputes the part before.
        if (s.previous == DIVERGED) revert BadPart();
        uint32 first = _stepsAt(job, part);
        s.firstStep = round * job.innerSteps + first;
        bool isUpdate = part == job.checkpoints;
        s.runs = isUpdate ? 1 : _stepsAt(job, part + 1) - first;
        _setProgram(s, job, contents, isUpdate ? Graph.Update : Graph.Inner);
        s.round = round;
        if (!isUpdate) {
            s.targets[0].root = claim.checkpointRoots[part];
            return s;
        }
        (s.targets[0].root, s.targets[1].root) = (claim.updateRoot, claim.newReplicaRoot);
        // All ends of a run leave the domain, or none.
        s.targets[2].root = claim.updateRoot == DIVERGED ? DIVERGED : _lossRoot(UNIT_LOSS, claim.lossBits);
    }

    function ofEvaluation(ProvableJob memory job, UnitClaim memory claim, Opening memory contents, uint32 round)
        internal
        pure
        returns (Subject memory s)
    {
        _setProgram(s, job, contents, Graph.Evaluation);
        (s.round, s.globalRoot, s.runs) = (round, claim.globalRoot, job.evaluationBatches);
        s.targets[0].root = claim.updateRoot == DIVERGED ? DIVERGED : _lossRoot(MEAN_LOSS, claim.lossBits);
    }

    /// @notice An outer step to no root left the domain. Where a unit did so before, it was never done: whoever doubts that
    /// disputes the unit.
    /// @param claims Of all replicas, in their order.
    function ofOuterStep(
        ProvableJob memory job,
        UnitClaim[] memory claims,
        Opening memory contents,
        uint32 round,
        bytes32 globalRoot,
        bytes32 newGlobalRoot
    ) internal pure returns (Subject memory s) {
        _setProgram(s, job, contents, Graph.Outer);
        (s.round, s.globalRoot, s.runs) = (round, globalRoot, 1);
        s.updateRoots = new bytes32[](claims.length);
        for (uint256 i = 0; i < claims.length; i++) {
            s.updateRoots[i] = claims[i].updateRoot;
            if (newGlobalRoot == 0 && claims[i].updateRoot == DIVERGED) revert BadPart();
        }
        s.targets[0].root = newGlobalRoot == 0 ? DIVERGED : newGlobalRoot;
    }

    /// @dev Steps of a unit before checkpoint `index`.
    function _stepsAt(ProvableJob memory job, uint32 index) private pure returns (uint32) {
        return uint32(uint256(index) * job.innerSteps / job.checkpoints);
    }

    function _setProgram(Subject memory s, ProvableJob memory job, Opening memory contents, Graph graph) private pure {
        bytes32 leaf = Merkle.leafHash(contents.content);
        bool isTrue = contents.index == 0 && Merkle.isAt(job.programRoot, job.programLeaves, 0, leaf, contents.path);
        if (!isTrue) revert BadContents();
        (s.programRoot, s.programLeaves, s.dataRoot) = (job.programRoot, job.programLeaves, job.dataRoot);
        (s.seed, s.innerSteps, s.graph) = (job.seed, job.innerSteps, graph);
        bytes memory c = contents.content;
        uint256 cursor = HEAD_BYTES;
        for (uint256 i = 0; i < uint256(graph); i++) cursor += 9 + 8 * uint256(uint8(c[cursor + 8]));
        (s.firstOperator, s.operators) = (_word(c, cursor), _word(c, cursor + 4));
        s.targets = new Target[](uint8(c[cursor + 8]));
        for (uint256 i = 0; i < s.targets.length; i++) {
            uint256 place = cursor + 9 + 8 * i;
            (s.targets[i].firstSlot, s.targets[i].slots) = (_word(c, place), _word(c, place + 4));
        }
    }

    function _word(bytes memory c, uint256 cursor) private pure returns (uint32) {
        return uint32(uint8(c[cursor])) << 24 | uint32(uint8(c[cursor + 1])) << 16 | uint32(uint8(c[cursor + 2])) << 8
            | uint32(uint8(c[cursor + 3]));
    }

    function _lossRoot(bytes memory prefix, uint32 bits) private pure returns (bytes32) {
        bytes memory value = abi.encodePacked(uint8(bits), uint8(bits >> 8), uint8(bits >> 16), uint8(bits >> 24));
        return Merkle.leafHash(abi.encodePacked(prefix, Merkle.leafHash(value)));
    }
}
