// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BadParameters} from "./Errors.sol";

uint48 constant LONGEST = 36_500 days;

/// @notice What a network fixes at construction. Nobody can change it later.
struct Parameters {
    /// Stake below which an account is no node: it takes no lease and asserts nothing.
    uint128 minimumStake;
    /// Locked from the holder's stake while it holds a job's lease.
    uint128 leaseBond;
    /// Locked from the asserter's stake until its assertion settles.
    uint128 earningsBond;
    uint48 unbondingSeconds;
    uint48 challengeSeconds;
    uint48 leaseSeconds;
    /// How long after a cancellation final earnings may still be asserted.
    uint48 cancelSeconds;
    uint48 pauseSeconds;
    /// From the start of one pause to the earliest start of the next.
    uint48 pauseIntervalSeconds;
    /// Zero for a network that nobody can pause.
    address guardian;
}

/// @dev Unbonding outlasts the challenge window, so that a stake can still answer for what it asserted.
/// A pending assertion and one whole pause fit into the cancel window, and at most one pause's worth of time falls into
/// it: a pause never costs anybody's earnings.
function checkParameters(Parameters memory p) pure {
    bool longUnbonding = p.unbondingSeconds > p.challengeSeconds;
    bool longCancel = p.cancelSeconds > uint256(p.challengeSeconds) + p.pauseSeconds;
    bool rarePauses = p.pauseIntervalSeconds >= uint256(p.cancelSeconds) + p.pauseSeconds;
    // Adding one to the clock must never overflow: that would keep stakes for ever. The other periods are shorter.
    bool bounded = p.unbondingSeconds <= LONGEST && p.pauseIntervalSeconds <= LONGEST && p.leaseSeconds <= LONGEST;
    if (!longUnbonding || !longCancel || !rarePauses || !bounded || p.leaseSeconds == 0) revert BadParameters();
}
