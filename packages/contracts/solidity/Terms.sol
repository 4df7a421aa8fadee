// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BadTerms} from "./Errors.sol";

/// @notice What a submitter offers. Prices are per unit, in the token's smallest unit.
struct Terms {
    /// Blob id of the job document.
    bytes32 document;
    /// Hash of what a contract has to know of the job to judge its units; zero where nothing is judged.
    bytes32 provable;
    uint128 budget;
    uint128 trainPrice;
    uint128 evaluatePrice;
    /// Per unit and custodian.
    uint128 custodyPrice;
    /// Per round, for its coordinator.
    uint128 roundPrice;
    /// Per attestation.
    uint128 auditPrice;
    uint32 rounds;
    uint32 replicas;
    /// The state is evaluated after so many rounds each, and after the last; never where this is zero.
    uint32 evaluateEvery;
    uint32 custodians;
    /// The least chance that a unit is audited, in parts per million.
    uint32 auditRate;
    /// Rounds that may be anchored beyond the final ones: what a rewind can cost.
    uint32 maximumUnsettled;
    /// Verifiers of a unit that is audited.
    uint8 verifiers;
    uint8 policy;
}

uint8 constant POLICY_NONE = 0;
uint8 constant POLICY_REDUNDANCY = 2;
uint256 constant MILLION = 1e6;
// Powers of a million up to the sixth, times any price, fit into a word.
uint8 constant MOST_VERIFIERS = 5;
// A rewind visits every round that it voids, in one transaction.
uint32 constant MOST_UNSETTLED = 64;

/// @notice Work, counted. Cumulative over a job's anchored rounds.
struct Counts {
    uint64 trained;
    uint64 evaluated;
    uint64 kept;
    uint64 coordinated;
    uint64 audited;
}

/// @dev Cannot overflow: counts below 2^64 times prices below 2^128.
function priceOf(Terms memory t, Counts memory c) pure returns (uint256) {
    return uint256(c.trained) * t.trainPrice + uint256(c.evaluated) * t.evaluatePrice
        + uint256(c.kept) * t.custodyPrice + uint256(c.coordinated) * t.roundPrice + uint256(c.audited) * t.auditPrice;
}

/// @dev Whether the state after a round is evaluated.
function isEvaluated(Terms memory t, uint32 round) pure returns (bool) {
    return evaluationsIn(t, round + 1) > evaluationsIn(t, round);
}

/// @dev Evaluations in so many rounds.
function evaluationsIn(Terms memory t, uint32 rounds) pure returns (uint32) {
    if (t.evaluateEvery == 0) return 0;
    uint32 whole = rounds / t.evaluateEvery;
    return rounds == t.rounds && rounds % t.evaluateEvery > 0 ? whole + 1 : whole;
}

/// @dev The most work that so many anchored rounds can hold.
function mostCounts(Terms memory t, uint32 rounds) pure returns (Counts memory) {
    uint64 trained = uint64(rounds) * t.replicas;
    uint64 evaluated = evaluationsIn(t, rounds);
    return Counts(trained, evaluated, trained * t.custodians, rounds, (trained + evaluated) * t.verifiers);
}

/// @dev Whether a job can be counted at all: it has rounds and replicas, and its counts fit into 64 bits.
function areSensible(Terms memory t) pure returns (bool) {
    uint256 trained = uint256(t.rounds) * t.replicas;
    uint256 evaluated = evaluationsIn(t, t.rounds);
    bool counted = t.rounds > 0 && t.replicas > 0 && t.replicas < type(uint32).max;
    bool fits = trained * t.custodians <= type(uint64).max && (trained + evaluated) * t.verifiers <= type(uint64).max;
    bool settles = t.maximumUnsettled > 0 && t.maximumUnsettled <= MOST_UNSETTLED;
    return t.document != 0 && counted && fits && settles && isVerifiable(t);
}

/// @dev Policy `none` has no audits; the others have some.
function isVerifiable(Terms memory t) pure returns (bool) {
    if (t.policy == POLICY_NONE) return t.auditRate == 0 && t.verifiers == 0 && t.auditPrice == 0 && t.provable == 0;
    bool rated = t.auditRate > 0 && t.auditRate <= MILLION;
    return t.policy <= POLICY_REDUNDANCY && t.provable != 0 && rated && t.verifiers > 0 && t.verifiers <= MOST_VERIFIERS;
}

/// @dev Whether no count of `a` is below that of `b`.
function atLeast(Counts memory a, Counts memory b) pure returns (bool) {
    return a.trained >= b.trained && a.evaluated >= b.evaluated && a.kept >= b.kept && a.coordinated >= b.coordinated
        && a.audited >= b.audited;
}

/// @notice The smallest bond S per unit for which cheating does not pay:
/// rate * (1 - colluding)^verifiers * burned(S) >= 2 * gain, where the gain is the dearest unit's price and half of S,
/// rounded up, is what a slash burns. Zero without audits: there, signatures alone count.
/// @param colluding Share of the verifiers' stake that is assumed to collude, in parts per million, below a million.
function unitBondFor(Terms memory t, uint32 colluding) pure returns (uint128) {
    uint256 gain = t.trainPrice > t.evaluatePrice ? t.trainPrice : t.evaluatePrice;
    if (t.policy == POLICY_NONE || gain == 0) return 0;
    uint256 needed = 2 * gain * MILLION ** (uint256(t.verifiers) + 1);
    uint256 chance = t.auditRate * (MILLION - colluding) ** t.verifiers;
    uint256 bond = 2 * ((needed + chance - 1) / chance) - 1;
    if (bond > type(uint128).max) revert BadTerms();
    return uint128(bond);
}
