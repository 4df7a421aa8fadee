// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BadParameters} from "./Errors.sol";

uint48 constant LONGEST = 36_500 days;

/// @notice What a network fixes at construction. Nobody can change it later.
struct Parameters {
    /// Stake below which an account is no node: it takes no lease, does no bonded work and asserts nothing.
    uint128 minimumStake;
    /// Locked from the holder's stake while it holds a job's lease.
    uint128 leaseBond;
    /// Locked from the asserter's stake until its assertion settles.
    uint128 earningsBond;
    /// Locked from the first challenger of a claim; every later one's is twice the one before, up to the minimum stake.
    uint128 challengeBond;
    /// What whoever proves a wrong gets for gas and trouble, if half of the slashed bond covers it.
    uint128 challengerReward;
    uint48 unbondingSeconds;
    uint48 challengeSeconds;
    /// How long each side of a game may think in all.
    uint48 maximumDelaySeconds;
    uint48 leaseSeconds;
    /// How long after a cancellation final earnings may still be asserted.
    uint48 cancelSeconds;
    uint48 pauseSeconds;
    /// From the start of one pause to the earliest start of the next.
    uint48 pauseIntervalSeconds;
    /// Share of the verifiers' stake that is assumed to collude, in parts per million.
    uint32 colludingShare;
    /// Blocks from a link's to the one whose hash draws its audits.
    uint32 beaconBlocks;
    /// Zero for a network that nobody can pause.
    address guardian;
}

// How often a challenger's bond doubles. The dearest is no more than the minimum stake: whoever loses challenges on purpose
// prices no node out that has this much free.
uint32 constant MOST_DOUBLINGS = 3;
// A contract sees the hashes of the last 256 blocks: one that looked at a beacon would still have some time for it.
uint32 constant MOST_BEACON_BLOCKS = 200;

/// @dev Unbonding outlasts the challenge window, so that a stake can still answer for what it asserted.
/// Rounds become final, and an assertion about them and one whole pause fit into the cancel window, whatever games are
/// played; and at most one pause's worth of time falls into it: neither a game nor a pause ever costs anybody's earnings.
/// A beacon comes after what it draws from. A node's stake covers the dearest challenge.
function checkParameters(Parameters memory p) pure {
    bool longUnbonding = p.unbondingSeconds > p.challengeSeconds;
    bool longCancel = p.cancelSeconds > uint256(p.challengeSeconds) + 2 * uint256(p.maximumDelaySeconds) + p.pauseSeconds;
    bool rarePauses = p.pauseIntervalSeconds >= uint256(p.cancelSeconds) + p.pauseSeconds;
    // Adding one to the clock must never overflow: that would keep stakes for ever. The other periods are shorter.
    bool bounded = p.unbondingSeconds <= LONGEST && p.pauseIntervalSeconds <= LONGEST && p.leaseSeconds <= LONGEST;
    bool chances = p.colludingShare < 1e6 && p.challengeBond <= p.minimumStake >> MOST_DOUBLINGS;
    bool later = p.beaconBlocks > 0 && p.beaconBlocks <= MOST_BEACON_BLOCKS;
    if (!longUnbonding || !longCancel || !rarePauses || !bounded || p.leaseSeconds == 0 || !chances || !later) {
        revert BadParameters();
    }
}
