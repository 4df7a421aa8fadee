// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    BadAudits,
    BadRecord,
    BadWorks,
    BondGone,
    ChallengeWindowOpen,
    DisputeOpen,
    NotModule,
    NotVoid,
    OtherClaim,
    WrongRound
} from "./Errors.sol";
import {Escrow} from "./Escrow.sol";
import {Registry} from "./Registry.sol";
import {evaluationsIn, isEvaluated, Terms} from "./Terms.sol";
import {WorkSignatures} from "./WorkSignatures.sol";
import {Anchor, answersAt, Audit, claimHashOf, DIVERGED, headOf, MOST_CHECKPOINTS, placesOf, UnitClaim, Work, Wrong} from "./Works.sol";

/// @dev What rounds ask of Disputes; an interface, so that the two files need no circle of imports.
interface OpenGames {
    function openOn(bytes32 head) external view returns (uint32);
    function openAt(bytes32 head, uint32 position) external view returns (uint32);
}

/// @notice What becomes of anchored rounds: the bonds of their works and attestations are locked until the round is final,
/// or void and free.
/// @dev Of each anchor the contract keeps the hash; whoever speaks of it brings it along.
abstract contract Rounds is WorkSignatures {
    struct JobAnchors {
        address holder;
        uint32 epoch;
        uint48 expiresAt;
        /// Rounds anchored.
        uint32 rounds;
        /// How many of the links are final; a closing link follows its last round.
        uint32 finalRounds;
        /// The chain is closed: no more rounds.
        bool ended;
        bytes32 head;
        /// Of the global state after the last round.
        bytes32 root;
        /// Hash of the replicas' claims in the last round.
        bytes32 claims;
    }

    struct Link {
        bytes32 head;
        /// The round's beacon is drawn from a later block.
        uint64 blockNumber;
        uint48 anchoredAt;
        /// So far, with this one.
        uint64 audits;
    }

    /// @notice A link that a rewind took out of its chain.
    struct Void {
        /// The head of the round that was proven wrong.
        bytes32 by;
        /// Until when its works can be challenged; zero for a head that is not void.
        uint48 until;
    }

    enum Bond {
        Locked,
        Freed,
        Slashed
    }

    Registry public immutable registry;
    Escrow public immutable escrow;
    uint48 private immutable _challengeSeconds;
    /// @dev Of an attestation: as much as it costs to doubt it.
    uint128 private immutable _attestationBond;

    mapping(bytes32 job => JobAnchors) internal _jobs;
    /// @dev Those beyond a job's last link are leftovers.
    mapping(bytes32 job => mapping(uint32 round => Link)) private _links;
    /// @dev What the works of those links claim.
    mapping(bytes32 job => mapping(uint32 round => mapping(uint32 index => bytes32 claim))) private _claimed;
    /// @dev By what an attestation is to, and whose it is: the head of the last link that lists it.
    mapping(bytes32 attestation => bytes32 head) private _listedIn;
    mapping(bytes32 head => Void) private _voids;
    /// @notice What became of the bond at a place of a link; final rounds free theirs without a note.
    mapping(bytes32 head => mapping(uint32 position => Bond)) public bondOf;

    event Anchored(bytes32 indexed job, uint32 indexed round, bytes32 head, Anchor anchor);
    event Ended(bytes32 indexed job, uint32 indexed round, bytes32 head, Anchor anchor);
    /// @notice What the works of a link claim, in their order: nobody has to be asked for what is to be disputed.
    event Claimed(bytes32 indexed head, UnitClaim[] claims);
    event Finalised(bytes32 indexed job, uint32 indexed round, bytes32 head);
    event Rewound(bytes32 indexed job, uint32 indexed round, bytes32 wrong, bytes32 head);
    event BondFreed(bytes32 indexed job, bytes32 indexed head, uint32 position, address account);

    modifier onlySlashing() {
        if (msg.sender != escrow.slashing()) revert NotModule(msg.sender);
        _;
    }

    constructor(Registry registry_, Escrow escrow_) {
        registry = registry_;
        escrow = escrow_;
        _challengeSeconds = registry_.parameters().challengeSeconds;
        _attestationBond = registry_.parameters().challengeBond;
    }

    /// @notice Makes the next round final and frees its bonds. For anyone.
    function finalise(Anchor calldata a) external {
        bytes32 head = headOf(a);
        Link storage link = _standing(a.job, a.round, head);
        JobAnchors storage j = _jobs[a.job];
        if (a.round != j.finalRounds) revert WrongRound(j.finalRounds);
        uint48 until = link.anchoredAt + _challengeSeconds;
        if (block.timestamp < until) revert ChallengeWindowOpen(until);
        if (_games().openOn(head) != 0) revert DisputeOpen(head);
        j.finalRounds = a.round + 1;
        emit Finalised(a.job, a.round, head);
        uint128 bond = escrow.unitBondOf(a.job);
        for (uint256 i = 0; bond > 0 && i < placesOf(a); i++) {
            // A work that was refuted would have made the link void.
            bool spent = i >= a.works.length && bondOf[head][uint32(i)] == Bond.Slashed;
            if (!spent) registry.unlock(answersAt(a, i), _bondAt(a, i, bond));
        }
    }

    /// @notice Frees the bond at a place of a void round, once nobody can challenge what it backs. For anyone.
    function release(Anchor calldata a, uint32 position) external {
        bytes32 head = headOf(a);
        uint48 until = _voids[head].until;
        if (until == 0) revert NotVoid(head);
        if (position >= placesOf(a)) revert BadRecord();
        if (block.timestamp < until) revert ChallengeWindowOpen(until);
        if (_games().openAt(head, position) != 0) revert DisputeOpen(head);
        if (bondOf[head][position] != Bond.Locked) revert BondGone(head, position);
        bondOf[head][position] = Bond.Freed;
        address account = answersAt(a, position);
        emit BondFreed(a.job, head, position, account);
        uint128 bond = escrow.unitBondOf(a.job);
        if (bond > 0) registry.unlock(account, _bondAt(a, position, bond));
    }

    /// @notice Acts on a claim that was proven wrong: its bond is gone, and its round and all after it are void. An attestation
    /// that was proven wrong says nothing of the unit, whose worker answers in games of its own: it voids nothing.
    /// @return spent Whether there was a bond left to slash. @return rewound Whether the round stood until now.
    function refute(Wrong calldata w) external onlySlashing returns (bool spent, bool rewound) {
        _lost[w.signature] = true;
        spent = bondOf[w.head][w.position] == Bond.Locked;
        if (spent) bondOf[w.head][w.position] = Bond.Slashed;
        rewound = !w.attestation && _stands(w.job, w.round, w.head);
        if (rewound) _rewind(w);
    }

    function anchorsOf(bytes32 job) external view returns (JobAnchors memory) {
        return _jobs[job];
    }

    /// @notice Returns a link of a job's chain; reverts where there is none.
    function linkOf(bytes32 job, uint32 round) external view returns (Link memory) {
        if (round >= _length(job)) revert BadRecord();
        return _links[job][round];
    }

    function voidOf(bytes32 head) external view returns (Void memory) {
        return _voids[head];
    }

    /// @notice Returns until when what a link, standing or void, holds can be challenged.
    function challengeableUntil(bytes32 job, uint32 round, bytes32 head) external view returns (uint48) {
        if (_voids[head].until != 0) return _voids[head].until;
        return _standing(job, round, head).anchoredAt + _challengeSeconds;
    }

    /// @dev A round has all its replicas, in order, and the evaluation where one is due.
    function _requireFull(Anchor calldata a, Terms memory terms) internal pure {
        uint256 length = uint256(terms.replicas) + (isEvaluated(terms, a.round) ? 1 : 0);
        if (a.works.length != length || a.works[length - 1].index != length - 1) revert BadWorks();
    }

    /// @dev Nothing is done of a round that a job does not have; without an outer step there is nothing to evaluate. Who says that a
    /// job left the domain shows the units of all its replicas: without them nobody could do its outer step again and dispute it.
    function _requirePart(Anchor calldata a, Terms memory terms, bool complete, bool cancelled) internal pure {
        uint256 length = a.works.length;
        if (complete && length > 0) revert BadWorks();
        if (!complete && !cancelled && length != terms.replicas) revert BadWorks();
        if (length > 0 && a.works[length - 1].index >= terms.replicas) revert BadWorks();
    }

    /// @dev Whether a link's last work is an evaluation that is said to have left the domain.
    function _isDiverged(Anchor calldata a, UnitClaim[] calldata claims, Terms memory terms) internal pure returns (bool) {
        uint256 last = a.works.length;
        if (last == 0 || claims.length != last) return false;
        return a.works[last - 1].index == terms.replicas && claims[last - 1].updateRoot == DIVERGED;
    }

    /// @dev What left the domain ends its job, in its round.
    function _requireInDomain(UnitClaim[] calldata claims) internal pure {
        for (uint256 i = 0; i < claims.length; i++) if (claims[i].updateRoot == DIVERGED) revert BadWorks();
    }

    /// @dev Adds a link. Its works ascend; its attestations stay within what the job was priced for.
    function _append(
        JobAnchors storage j,
        Anchor calldata a,
        UnitClaim[] calldata claims,
        Terms memory terms,
        bool outerNeeded
    ) internal {
        _requireWorks(a.works, terms);
        uint64 audits = (a.round > 0 ? _links[a.job][a.round - 1].audits : 0) + uint64(a.audits.length);
        bytes32 head = headOf(a);
        _listAudits(a, head, terms.maximumUnsettled);
        // Only the works of earlier rounds can have been audited.
        uint256 units = uint256(a.round) * terms.replicas + evaluationsIn(terms, a.round);
        if (audits > units * terms.verifiers) revert BadAudits();
        _requireSigned(a, terms.replicas, outerNeeded);
        _requireAttested(a);
        _keepClaims(a, claims);
        _lockAll(a);
        j.head = head;
        emit Claimed(head, claims);
        _links[a.job][a.round] = Link(head, uint64(block.number), uint48(block.timestamp), audits);
    }

    /// @dev SAFETY: a claim that nobody has seen, or that is too large to be shown again, is one that nobody can dispute.
    function _keepClaims(Anchor calldata a, UnitClaim[] calldata claims) private {
        if (claims.length != a.works.length) revert OtherClaim();
        for (uint256 i = 0; i < claims.length; i++) {
            bytes32 claim = a.works[i].claim;
            if (claimHashOf(claims[i]) != claim) revert OtherClaim();
            if (claims[i].checkpointRoots.length > MOST_CHECKPOINTS) revert BadWorks();
            _claimed[a.job][a.round][a.works[i].index] = claim;
        }
    }

    function _requireWorks(Work[] calldata works, Terms memory terms) private pure {
        for (uint256 i = 0; i < works.length; i++) {
            if (i > 0 && works[i].index <= works[i - 1].index) revert BadWorks();
            if (works[i].custodians.length > (works[i].index < terms.replicas ? terms.custodians : 0)) revert BadWorks();
        }
    }

    /// @dev SAFETY: an attestation to what a unit claimed before it was done again would be paid though it says nothing of the
    /// unit that counts, or be held against a verifier that was right. Nor is one listed so late that its verifier no longer has
    /// what it would defend it with, or in two links, with a bond in each.
    function _listAudits(Anchor calldata a, bytes32 head, uint32 maximumUnsettled) private {
        for (uint256 i = 0; i < a.audits.length; i++) {
            Audit calldata audit = a.audits[i];
            bytes32 claim = _claimed[a.job][audit.round][audit.index];
            if (audit.round >= a.round || audit.claim != claim || claim == 0) revert BadAudits();
            bytes32 key = keccak256(abi.encode(a.job, audit.round, audit.index, audit.segment, audit.verifier));
            bytes32 listed = _listedIn[key];
            bool late = a.round - audit.round > maximumUnsettled;
            if (late || (listed != 0 && _voids[listed].until == 0)) revert BadAudits();
            _listedIn[key] = head;
        }
    }

    function _lockAll(Anchor calldata a) private {
        uint128 bond = escrow.unitBondOf(a.job);
        for (uint256 i = 0; bond > 0 && i < placesOf(a); i++) registry.lock(answersAt(a, i), _bondAt(a, i, bond));
    }

    function _bondAt(Anchor calldata a, uint256 position, uint128 unitBond) private view returns (uint128) {
        return position < a.works.length ? unitBond : _attestationBond;
    }

    /// @dev The chain of heads goes on: what was anchored and refuted stays in it, and no head comes twice.
    function _rewind(Wrong calldata w) private {
        JobAnchors storage j = _jobs[w.job];
        uint32 length = _length(w.job);
        for (uint32 r = w.round; r < length; r++) {
            Link storage link = _links[w.job][r];
            _voids[link.head] = Void(w.head, link.anchoredAt + _challengeSeconds);
        }
        j.head = keccak256(abi.encode(j.head, w.round));
        (j.rounds, j.ended) = (w.round, false);
        (j.root, j.claims) = (w.previousRoot, w.previousClaims);
        emit Rewound(w.job, w.round, w.head, j.head);
    }

    function _standing(bytes32 job, uint32 round, bytes32 head) private view returns (Link storage) {
        if (!_stands(job, round, head)) revert BadRecord();
        return _links[job][round];
    }

    function _stands(bytes32 job, uint32 round, bytes32 head) private view returns (bool) {
        return round < _length(job) && _links[job][round].head == head;
    }

    /// @dev The links of a chain: its rounds, and what closed it.
    function _length(bytes32 job) private view returns (uint32) {
        JobAnchors storage j = _jobs[job];
        return j.rounds + (j.ended ? 1 : 0);
    }

    function _games() private view returns (OpenGames) {
        return OpenGames(escrow.disputes());
    }
}
