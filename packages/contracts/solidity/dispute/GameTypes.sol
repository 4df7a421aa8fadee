// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// What a game is about and where it stands. Twins of packages/protocol/src/dispute; a zero root is one that is not there.

enum Graph {
    Initial,
    Inner,
    Update,
    Outer,
    Evaluation
}

/// @notice One end of a run: the root that is claimed after the last run, and where its slots stand in the program.
struct Target {
    uint32 firstSlot;
    uint32 slots;
    bytes32 root;
}

/// @notice A stretch of runs of one graph, from agreed roots to a claimed end. Fixed while a game lasts.
struct Subject {
    bytes32 job;
    uint32 round;
    uint32 replica;
    uint32 seed;
    uint32 innerSteps;
    bytes32 programRoot;
    uint32 programLeaves;
    Graph graph;
    uint32 firstOperator;
    uint32 operators;
    /// The end of the run before the first; zero when the first begins from the unit's input.
    bytes32 previous;
    bytes32 globalRoot;
    bytes32 replicaRoot;
    bytes32[] updateRoots;
    bytes32 dataRoot;
    uint32 firstStep;
    uint32 runs;
    Target[] targets;
}

enum Phase {
    Runs,
    Operators,
    Slots,
    Elements,
    Partials
}

/// @notice What the game has to know of an operator.
struct OperatorFacts {
    uint32 leaves;
    uint32 elements;
    /// Zero until the operator is known.
    uint32 perLeaf;
    uint32 partials;
    uint32 partialsPerLeaf;
    bool isCopy;
}

/// @notice Where a game stands. The chain keeps its hash; moves bring it along.
struct Position {
    uint32 turn;
    bool isDefenders;
    Phase phase;
    uint32 firstRun;
    uint32 runs;
    bytes32 previous;
    bytes32 end;
    /// The subtree in question: leaves of its tree, its first, and how many it may hold.
    uint32 leaves;
    uint32 first;
    uint32 span;
    bytes32 node;
    bytes32[] children;
    bool isOpen;
    bytes32 operatorTree;
    uint32 operator;
    OperatorFacts facts;
    bool isFlagged;
    bytes32 tensorRoot;
    uint32 target;
    uint32 element;
    bytes32 partialRoot;
}

/// @notice A leaf and its way up.
struct Opening {
    uint32 index;
    bytes content;
    bytes32[] path;
}

/// @notice A root that is a leaf, and its way up. Zero: not there.
struct RootOpening {
    bytes32 root;
    bytes32[] path;
}

/// @notice A leaf of a tensor that is read.
struct OperandOpening {
    uint32 input;
    RootOpening tensor;
    Opening leaf;
}

enum ProofKind {
    Root,
    Element,
    Index,
    Partial,
    Value,
    Slot,
    Flag
}

struct Proof {
    ProofKind kind;
    Opening program;
    bytes code;
    /// Number of the element, block, index, partial result or slot.
    uint32 place;
    Opening claimed;
    RootOpening source;
    OperandOpening[] operands;
    Opening[] partials;
}

/// @notice What a proof is judged against.
struct Disputed {
    uint32 run;
    bytes32 previous;
    bytes32 end;
    uint32 target;
    bytes32 operatorTree;
    uint32 operator;
    bytes32 leafHash;
    uint32 leaf;
    bytes32 tensorRoot;
    uint32 element;
    bytes32 partialRoot;
    bool isFlagged;
}

enum MoveKind {
    Runs,
    Reveal,
    Content,
    Witness,
    Overflow,
    Pick,
    Target,
    Element,
    Prove,
    Concede
}

struct Move {
    MoveKind kind;
    /// The child, target or element.
    uint32 number;
    /// What is shown.
    bytes32[] hashes;
    /// The leaf; or, ABI-encoded, the proof, or the operator's leaf of the program.
    bytes data;
}
