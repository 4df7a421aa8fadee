// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Anchor, DIVERGED} from "../Works.sol";
import {Charge, Charges, Known} from "./Charges.sol";
import {
    Disputed,
    Move,
    MoveKind,
    Opening,
    OperatorFacts,
    Phase,
    Position,
    Proof,
    Subject
} from "./GameTypes.sol";
import {Merkle} from "./Merkle.sol";
import {Narrowing} from "./Narrowing.sol";

/// @notice A move that the rules do not allow changes nothing; the clock runs on.
error MoveRefused(string reason);

enum Outcome {
    Goes,
    DefenderWins,
    ChallengerWins
}

/// @notice The last word on one computation.
interface Judge {
    /// @notice Reads an operator's leaf of the program; `known` is false when the opening is not true.
    function operatorFacts(Subject calldata subject, uint32 operator, Opening calldata leaf)
        external
        view
        returns (bool known, OperatorFacts memory facts);

    /// @notice Tells whether a proof shows what it says.
    function judge(Subject calldata subject, Disputed calldata disputed, Proof calldata proof)
        external
        view
        returns (bool);
}

/// @title The rules of the dispute game: which move is allowed, and what comes of it.
/// @notice Keeps nothing; a position goes in, the next comes out. Twin of packages/protocol/src/dispute/apply.ts.
contract GameRules {
    using Narrowing for Position;

    Judge public immutable referee;

    constructor(Judge referee_) {
        referee = referee_;
    }

    /// @notice What a game about a charged claim is about.
    /// @return isWrong Whether the claim is refuted by the charge alone.
    function subjectOf(Anchor calldata a, uint32 position, bool outer, Charge calldata charge, Known calldata known)
        external
        pure
        returns (bool isWrong, Subject memory s)
    {
        (isWrong, s) = Charges.subjectOf(a, position, outer, charge, known);
        s.job = a.job;
    }

    /// @notice The position in which a game begins.
    function openPosition(Subject calldata s) external pure returns (Position memory p) {
        p.isDefenders = true;
        p.phase = s.runs == 1 ? Phase.Operators : Phase.Runs;
        (p.runs, p.previous, p.end) = (s.runs, s.previous, s.targets[0].root);
        p.setTree(s.operators);
    }

    /// @notice Makes a move for the side whose turn it is.
    function play(Subject calldata s, Position memory p, Move calldata m) external view returns (Outcome, Position memory) {
        if (m.kind == MoveKind.Concede) return (p.isDefenders ? Outcome.ChallengerWins : Outcome.DefenderWins, p);
        if (p.isDefenders != (m.kind < MoveKind.Pick)) revert MoveRefused("it is the other side's turn");
        p.turn++;
        Outcome outcome = p.isDefenders ? _defend(s, p, m) : _challenge(s, p, m);
        return (outcome, p);
    }

    /// @dev SAFETY: zero stands for what is not there; who could show it could take a game out of question.
    function _defend(Subject calldata s, Position memory p, Move calldata m) private view returns (Outcome) {
        for (uint256 i = 0; i < m.hashes.length; i++) if (m.hashes[i] == 0) revert MoveRefused("nothing has a hash of zero");
        if (m.kind == MoveKind.Witness) return _witness(s, p, m.data);
        if (m.kind == MoveKind.Runs) _showRuns(p, m.hashes);
        else if (m.kind == MoveKind.Reveal) _reveal(s, p, m);
        else if (m.kind == MoveKind.Content) _showLeaf(p, m.data);
        else _overflow(s, p, m);
        return Outcome.Goes;
    }

    function _challenge(Subject calldata s, Position memory p, Move calldata m) private view returns (Outcome) {
        if (m.kind == MoveKind.Prove) return _prove(s, p, m.data);
        p.isDefenders = true;
        if (m.kind == MoveKind.Target) return _chooseTarget(s, p, m.number);
        if (m.kind == MoveKind.Pick) _pick(s, p, m.number);
        else _chooseElement(p, m.number);
        return Outcome.Goes;
    }

    function _showRuns(Position memory p, bytes32[] calldata roots) private pure {
        if (p.phase != Phase.Runs) revert MoveRefused("the runs are settled");
        if (roots.length != Narrowing.partCount(p.runs)) revert MoveRefused("another number of ends is asked for");
        if (roots[roots.length - 1] != p.end) revert MoveRefused("the last end is another one");
        for (uint256 i = 1; i < roots.length; i++) {
            if (roots[i - 1] == DIVERGED && roots[i] != DIVERGED) revert MoveRefused("a run after one that left the domain");
        }
        (p.children, p.isDefenders) = (roots, false);
    }

    function _reveal(Subject calldata s, Position memory p, Move calldata m) private view {
        if (p.phase == Phase.Runs || p.isOpen) revert MoveRefused("no tree is in question");
        bool isTensor = p.phase == Phase.Elements && p.tensorRoot == 0;
        bool isPartials = p.phase == Phase.Partials && p.partialRoot == 0;
        if (isTensor) _readOperator(s, p, m.data);
        bool isRoot = isTensor || isPartials || p.node == 0;
        if (p.span == 1 && !isRoot && p.phase != Phase.Slots) revert MoveRefused("the leaf itself is asked for");
        if (m.hashes.length != p.childCount()) revert MoveRefused("another number of children is asked for");
        bytes32 root = Merkle.rootOf(m.hashes);
        if (isTensor) {
            if (_operatorLeafHash(root) != p.node) revert MoveRefused("the hashes do not make the operator's leaf");
            p.tensorRoot = root;
        } else if (isPartials) {
            p.partialRoot = root;
        } else if (isRoot) {
            (p.node, p.operatorTree) = (root, root);
        } else if (root != p.node) {
            revert MoveRefused("the hashes do not make the one above them");
        }
        _show(p, m.hashes);
    }

    function _overflow(Subject calldata s, Position memory p, Move calldata m) private view {
        _requireFlagged(p);
        _readOperator(s, p, m.data);
        if (p.facts.partials == 0) revert MoveRefused("the operator has no partial results");
        if (m.number >= p.facts.elements) revert MoveRefused("the tensor has no such element");
        (p.phase, p.isFlagged, p.element) = (Phase.Partials, true, m.number);
        _setPartialTree(p);
        if (m.hashes.length != p.childCount()) revert MoveRefused("another number of children is asked for");
        p.partialRoot = Merkle.rootOf(m.hashes);
        _show(p, m.hashes);
    }

    /// @dev Children of a tree whose root is checked already. A leaf that was its own root is shown next.
    function _show(Position memory p, bytes32[] calldata children) private pure {
        bool isTensor = p.phase == Phase.Elements && !p.facts.isCopy;
        if (p.span == 1 && (isTensor || p.phase == Phase.Partials)) {
            (p.node, p.children) = (children[0], new bytes32[](0));
        } else {
            (p.children, p.isDefenders) = (children, false);
        }
    }

    function _showLeaf(Position memory p, bytes calldata content) private pure {
        bool isKnown = p.phase == Phase.Elements ? p.tensorRoot != 0 : p.phase == Phase.Partials && p.partialRoot != 0;
        if (!isKnown || p.span > 1 || p.isOpen) revert MoveRefused("no leaf is in question");
        if (Merkle.leafHash(content) != p.node) revert MoveRefused("the leaf has another hash");
        (p.isOpen, p.isDefenders) = (true, false);
    }

    function _witness(Subject calldata s, Position memory p, bytes calldata data) private view returns (Outcome) {
        _requireFlagged(p);
        p.isFlagged = true;
        Proof memory proof = abi.decode(data, (Proof));
        if (!referee.judge(s, _disputed(p, proof.place), proof)) revert MoveRefused("this shows nothing");
        return Outcome.DefenderWins;
    }

    function _prove(Subject calldata s, Position memory p, bytes calldata data) private view returns (Outcome) {
        if (p.operatorTree == 0) revert MoveRefused("nothing is shown yet that could be wrong");
        Proof memory proof = abi.decode(data, (Proof));
        if (!referee.judge(s, _disputed(p, proof.place), proof)) revert MoveRefused("this shows nothing");
        return Outcome.ChallengerWins;
    }

    function _pick(Subject calldata s, Position memory p, uint32 child) private pure {
        if (child >= p.children.length) revert MoveRefused("there is no such child");
        if (p.phase == Phase.Runs) return _pickRun(s, p, child);
        if (p.phase == Phase.Slots && p.childSpan() == 1) revert MoveRefused("a wrong slot can be proven now");
        if (p.phase == Phase.Elements && p.facts.isCopy) revert MoveRefused("a root that is copied is wrong as a whole");
        p.setChild(child);
        (p.node, p.children) = (p.children[child], new bytes32[](0));
        if (p.phase == Phase.Operators && p.span == 1) (p.phase, p.operator) = (Phase.Elements, p.first);
    }

    function _pickRun(Subject calldata s, Position memory p, uint32 child) private pure {
        uint32 before = child == 0 ? 0 : Narrowing.partEnd(p.runs, child - 1);
        if (child > 0) p.previous = p.children[child - 1];
        if (p.previous == DIVERGED) revert MoveRefused("nothing runs after a run that left the domain");
        p.firstRun += before;
        p.runs = Narrowing.partEnd(p.runs, child) - before;
        (p.end, p.children) = (p.children[child], new bytes32[](0));
        if (p.runs > 1) return;
        p.phase = Phase.Operators;
        p.setTree(s.operators);
    }

    function _chooseTarget(Subject calldata s, Position memory p, uint32 target) private pure returns (Outcome) {
        if (p.phase != Phase.Operators || target >= s.targets.length) revert MoveRefused("there is no such end");
        bool isOnly = s.targets.length == 1;
        bytes32 root = isOnly ? p.end : s.targets[target].root;
        if (root == DIVERGED) {
            // All ends of a run leave the domain, or none.
            if (isOnly || s.targets[0].root == DIVERGED) revert MoveRefused("the run left the domain");
            return Outcome.ChallengerWins;
        }
        uint32 slots = s.targets[target].slots;
        if (slots == 0) {
            if (root == Merkle.EMPTY) revert MoveRefused("the end is right");
            return Outcome.ChallengerWins;
        }
        (p.phase, p.target, p.end, p.node) = (Phase.Slots, target, root, root);
        p.children = new bytes32[](0);
        p.setTree(slots);
        return Outcome.Goes;
    }

    function _chooseElement(Position memory p, uint32 element) private pure {
        OperatorFacts memory f = p.facts;
        if (p.phase != Phase.Elements || !p.isOpen || f.partials == 0) revert MoveRefused("no partial results are in question");
        if (element >= f.elements || element / f.perLeaf != p.first) revert MoveRefused("the leaf has no such element");
        (p.phase, p.element, p.isOpen, p.node) = (Phase.Partials, element, false, 0);
        p.children = new bytes32[](0);
        _setPartialTree(p);
    }

    function _setPartialTree(Position memory p) private pure {
        p.setTree((p.facts.partials + p.facts.partialsPerLeaf - 1) / p.facts.partialsPerLeaf);
    }

    /// @dev Reads what the program says of the operator in question, and puts its tensor's tree in question.
    function _readOperator(Subject calldata s, Position memory p, bytes calldata data) private view {
        (bool known, OperatorFacts memory facts) = referee.operatorFacts(s, p.operator, abi.decode(data, (Opening)));
        if (!known) revert MoveRefused("this is not what the program says of the operator");
        p.facts = facts;
        p.setTree(facts.leaves);
    }

    function _requireFlagged(Position memory p) private pure {
        bool isFlagged = p.phase == Phase.Elements && p.tensorRoot == 0 && p.node == Merkle.leafHash(hex"01");
        if (!isFlagged) revert MoveRefused("the operator is not said to have left the domain");
    }

    function _operatorLeafHash(bytes32 tensorRoot) private pure returns (bytes32) {
        return Merkle.leafHash(abi.encodePacked(bytes1(0), tensorRoot));
    }

    /// @dev What a proof is judged against. The leaf is the open one, or for a slot one of the children shown.
    function _disputed(Position memory p, uint32 place) private pure returns (Disputed memory d) {
        (d.run, d.previous, d.end, d.target) = (p.firstRun, p.previous, p.end, p.target);
        (d.operatorTree, d.operator, d.isFlagged) = (p.operatorTree, p.operator, p.isFlagged);
        (d.leaf, d.tensorRoot, d.element) = (p.first, p.tensorRoot, p.element);
        if (p.phase == Phase.Partials) d.partialRoot = p.partialRoot;
        if (p.phase != Phase.Slots) {
            if (p.isOpen) d.leafHash = p.node;
        } else if (p.childSpan() == 1 && place >= p.first && place - p.first < p.children.length) {
            d.leafHash = p.children[place - p.first];
        }
    }
}
