// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a submitter offers. Prices are per unit, in the token's smallest unit.
struct Terms {
    /// Blob id of the job document.
    bytes32 document;
    uint128 budget;
    uint128 trainPrice;
    uint128 evaluatePrice;
    /// Per unit and custodian.
    uint128 custodyPrice;
    /// Per round, for its coordinator.
    uint128 roundPrice;
    uint32 rounds;
    uint32 replicas;
    /// At most one per round.
    uint32 evaluations;
    uint32 custodians;
}

/// @notice Work, counted. Cumulative over a job's anchored rounds.
struct Counts {
    uint64 trained;
    uint64 evaluated;
    uint64 kept;
    uint64 coordinated;
}

/// @dev Cannot overflow: counts below 2^64 times prices below 2^128.
function priceOf(Terms memory t, Counts memory c) pure returns (uint256) {
    return uint256(c.trained) * t.trainPrice + uint256(c.evaluated) * t.evaluatePrice
        + uint256(c.kept) * t.custodyPrice + uint256(c.coordinated) * t.roundPrice;
}

/// @dev The most work that so many anchored rounds can hold.
function mostCounts(Terms memory t, uint32 rounds) pure returns (Counts memory) {
    uint64 trained = uint64(rounds) * t.replicas;
    return Counts(trained, rounds < t.evaluations ? rounds : t.evaluations, trained * t.custodians, rounds);
}

/// @dev Whether a job can be counted at all: it has rounds and replicas, and its custody fits into 64 bits.
function areSensible(Terms memory t) pure returns (bool) {
    uint256 kept = uint256(t.rounds) * t.replicas * t.custodians;
    bool counted = t.rounds > 0 && t.replicas > 0 && t.evaluations <= t.rounds;
    return t.document != 0 && counted && kept <= type(uint64).max;
}

/// @dev Whether no count of `a` is below that of `b`.
function atLeast(Counts memory a, Counts memory b) pure returns (bool) {
    return a.trained >= b.trained && a.evaluated >= b.evaluated && a.kept >= b.kept && a.coordinated >= b.coordinated;
}
