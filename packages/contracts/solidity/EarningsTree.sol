// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {EmptyLeaf, LeavesUnordered} from "./Errors.sol";
import {Counts} from "./Terms.sol";
import {Anchor} from "./Works.sol";

/// @notice What an account did for a job in all its anchored rounds.
struct Leaf {
    address account;
    Counts counts;
}

/// @dev OpenZeppelin's StandardMerkleTree over (job, account, counts...), its leaves in the order of accounts.
function leafHash(bytes32 job, address account, Counts memory c) pure returns (bytes32) {
    bytes memory fields = abi.encode(job, account, c.trained, c.evaluated, c.kept, c.coordinated, c.audited);
    return keccak256(bytes.concat(keccak256(fields)));
}

/// @dev Zero without leaves. Reverts unless accounts ascend: one leaf each, so that what a leaf says can be judged.
function earningsRoot(bytes32 job, Leaf[] calldata leaves) pure returns (bytes32) {
    uint256 n = leaves.length;
    if (n == 0) return 0;
    bytes32[] memory tree = new bytes32[](2 * n - 1);
    for (uint256 i = 0; i < n; i++) {
        if (i > 0 && leaves[i].account <= leaves[i - 1].account) revert LeavesUnordered();
        tree[2 * n - 2 - i] = leafHash(job, leaves[i].account, leaves[i].counts);
    }
    for (uint256 i = n - 1; i > 0; i--) {
        tree[i - 1] = Hashes.commutativeKeccak256(tree[2 * i - 1], tree[2 * i]);
    }
    return tree[0];
}

/// @dev Reverts where a count does not fit into 64 bits. SAFETY: and where a leaf counts nothing: leaves without end would be one
/// of an assertion that nobody can show to the contract once more.
function totalsOf(Leaf[] calldata leaves) pure returns (Counts memory totals) {
    for (uint256 i = 0; i < leaves.length; i++) {
        Counts memory c = leaves[i].counts;
        if (c.trained | c.evaluated | c.kept | c.coordinated | c.audited == 0) revert EmptyLeaf();
        totals = plus(totals, c);
    }
}

function plus(Counts memory a, Counts memory b) pure returns (Counts memory) {
    return Counts(
        a.trained + b.trained,
        a.evaluated + b.evaluated,
        a.kept + b.kept,
        a.coordinated + b.coordinated,
        a.audited + b.audited
    );
}

/// @dev Nothing, for an account without a leaf.
function countsOf(Leaf[] calldata leaves, address account) pure returns (Counts memory none) {
    for (uint256 i = 0; i < leaves.length; i++) {
        if (leaves[i].account == account) return leaves[i].counts;
    }
    return none;
}

/// @dev What an account earned in one link; nobody coordinates a round by closing a chain.
function earnedIn(Anchor calldata a, address account, uint32 replicas, bool closing) pure returns (Counts memory c) {
    if (!closing && a.coordinator == account) c.coordinated = 1;
    for (uint256 i = 0; i < a.works.length; i++) {
        if (a.works[i].worker == account) a.works[i].index < replicas ? c.trained++ : c.evaluated++;
        address[] calldata custodians = a.works[i].custodians;
        for (uint256 k = 0; k < custodians.length; k++) {
            if (custodians[k] == account) c.kept++;
        }
    }
    for (uint256 i = 0; i < a.audits.length; i++) {
        if (a.audits[i].verifier == account) c.audited++;
    }
}
