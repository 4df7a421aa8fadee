// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev SHA-256 of "cairn/diverged": what stands for the end of a run that left the domain.
bytes32 constant DIVERGED = 0xd2c57d607e1d45cbc162f2466d994508dbb6486cb584059a13983f208b170490;

/// @dev Checkpoints of a unit at most, as in messages.
uint256 constant MOST_CHECKPOINTS = 1024;

/// @notice What a worker signs of a unit. An evaluation has a global root and a loss; the rest is zero, but for the update root of
/// one that left the domain, which is `DIVERGED`.
struct UnitClaim {
    bytes32 globalRoot;
    bytes32 replicaRoot;
    bytes32 updateRoot;
    bytes32 newReplicaRoot;
    bytes32[] checkpointRoots;
    uint32 lossBits;
    bytes32 stepsRoot;
    bytes32 saltHash;
}

/// @notice A unit that counts, and who did it.
struct Work {
    address worker;
    /// The replica; the number of replicas for the round's evaluation.
    uint32 index;
    /// Hash of what the worker says it computed.
    bytes32 claim;
    /// By the worker, over the state that it began from and the claim: a rewind that leaves that state leaves it valid.
    bytes signature;
    /// By the worker, over the outer step; empty where it did none.
    bytes outer;
    address[] custodians;
}

/// @notice An attestation that is to be paid: what the claim states for the ends of a segment follows from its start.
struct Audit {
    address verifier;
    /// Of the audited unit.
    uint32 round;
    uint32 index;
    /// Of its segments, from 0; their number for all of them.
    uint32 segment;
    /// The unit's.
    bytes32 claim;
    /// By the verifier.
    bytes signature;
}

/// @notice One link of a job's chain: all that is paid and disputed is read from these.
struct Anchor {
    bytes32 job;
    bytes32 previousHead;
    /// The global state's root before the round; zero in the first.
    bytes32 previousRoot;
    /// Hash of the replicas' claims in the round before; zero in the first.
    bytes32 previousClaims;
    bytes32 globalRoot;
    /// Blob id of the round document.
    bytes32 documentId;
    address coordinator;
    uint32 round;
    Work[] works;
    /// Of earlier rounds' units.
    Audit[] audits;
}

/// @dev How many answer for something in a link, each with a bond: its works come first, then its attestations.
function placesOf(Anchor calldata a) pure returns (uint256) {
    return a.works.length + a.audits.length;
}

/// @dev Who answers for what is at a place of a link.
function answersAt(Anchor calldata a, uint256 position) pure returns (address) {
    uint256 works = a.works.length;
    return position < works ? a.works[position].worker : a.audits[position - works].verifier;
}

/// @dev Of what a worker says it computed.
function claimHashOf(UnitClaim calldata claim) pure returns (bytes32) {
    return keccak256(abi.encode(claim));
}

/// @dev Most of a call's arguments are one anchor; the chain keeps its hash alone.
function headOf(Anchor calldata a) pure returns (bytes32) {
    return keccak256(abi.encode(a));
}

/// @notice What a coordinator leased to a worker, and signed with its account.
struct UnitLease {
    bytes32 job;
    uint32 epoch;
    uint32 round;
    /// The replica.
    uint32 index;
    uint48 until;
    /// Who are to keep what the unit leaves.
    address[] custodians;
    /// By the holder of the job's lease.
    bytes signature;
}

/// @notice A claim that was proven wrong.
struct Wrong {
    bytes32 job;
    bytes32 head;
    bytes32 previousRoot;
    bytes32 previousClaims;
    /// Hash of the signature under the claim.
    bytes32 signature;
    uint32 round;
    /// In the link: its works come first, then its attestations.
    uint32 position;
    bool attestation;
    /// Who answers for it.
    address loser;
}

/// @dev What an outer step is a function of, beside the state before it: its replicas' claims, one after another.
function claimsHash(Anchor calldata a, uint32 replicas) pure returns (bytes32) {
    uint256 count = 0;
    while (count < a.works.length && a.works[count].index < replicas) count++;
    bytes32[] memory claims = new bytes32[](count);
    for (uint256 i = 0; i < count; i++) claims[i] = a.works[i].claim;
    return keccak256(abi.encodePacked(claims));
}
