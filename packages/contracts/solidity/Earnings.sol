// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Anchors} from "./Anchors.sol";
import {countsOf, earnedIn, earningsRoot, Leaf, leafHash, plus, totalsOf} from "./EarningsTree.sol";
import {
    AssertionPending,
    BadProof,
    BadRecord,
    CancelWindowOver,
    ChallengeWindowOpen,
    ChallengeWindowOver,
    EarningsRight,
    JobNotOpen,
    NotCounted,
    NotFinished,
    NothingPending,
    OnlyFinal,
    RoundsDecrease,
    RoundsNotFinal,
    TotalsDecrease,
    TotalsExceedRounds
} from "./Errors.sol";
import {Escrow} from "./Escrow.sol";
import {Registry} from "./Registry.sol";
import {Slashing} from "./Slashing.sol";
import {atLeast, Counts, mostCounts, priceOf, Terms} from "./Terms.sol";
import {Anchor, headOf} from "./Works.sol";

/// @notice What a job's accounts earned: one cumulative Merkle root per job, a bonded assertion with its own window, in
/// which anyone may count one account's work from the anchors and show that its leaf is wrong.
contract Earnings {
    struct Settled {
        bytes32 root;
        Counts totals;
        uint32 rounds;
    }

    struct Pending {
        bytes32 root;
        Counts totals;
        address asserter;
        uint32 rounds;
        /// Zero: nothing is pending.
        uint48 settlesAt;
        bool isFinal;
        /// Links that it covers: its rounds, and, if final, the link that closed the chain.
        uint32 links;
        /// Which assertion about the job this is, from 1.
        uint32 number;
    }

    /// @notice What was counted of an account's work, since what is settled.
    struct Tally {
        /// The next link; zero before the first was counted.
        uint32 next;
        Counts counts;
    }

    Registry public immutable registry;
    Escrow public immutable escrow;
    Anchors public immutable anchors;
    uint128 private immutable _bond;
    uint48 private immutable _challengeSeconds;
    uint48 private immutable _aloneSeconds;

    mapping(bytes32 job => Settled) private _settled;
    mapping(bytes32 job => Pending) private _pending;
    mapping(bytes32 job => uint32) private _assertions;
    mapping(bytes32 job => mapping(uint32 number => mapping(address account => Tally))) private _tallies;
    /// @notice What an account has taken from a job.
    mapping(bytes32 job => mapping(address account => uint256)) public withdrawn;

    event Asserted(
        bytes32 indexed job,
        address indexed asserter,
        uint32 rounds,
        bytes32 root,
        Leaf[] leaves,
        bool isFinal,
        uint48 settlesAt
    );
    event Refuted(bytes32 indexed job, address indexed asserter, address indexed challenger, address account);
    event Settlement(bytes32 indexed job, uint32 rounds, bytes32 root, uint256 owed, bool isFinal);
    event Withdrawn(bytes32 indexed job, address indexed account, uint256 amount);

    constructor(Registry registry_, Escrow escrow_, Anchors anchors_) {
        registry = registry_;
        escrow = escrow_;
        anchors = anchors_;
        _bond = registry_.parameters().earningsBond;
        _challengeSeconds = registry_.parameters().challengeSeconds;
        _aloneSeconds = registry_.parameters().cancelSeconds / 2;
    }

    /// @notice Claims, with a bond, what a job owes whom after `rounds` final rounds. For the lease holder; of a cancelled job in the
    /// end for any node, or a holder that is the submitter's could let the window pass.
    function assertEarnings(bytes32 job, uint32 epoch, uint32 rounds, Leaf[] calldata leaves, bool isFinal) external {
        registry.requireRunning();
        bool cancelled = _requireAssertable(job, isFinal);
        if (!cancelled || !_isForAll(job)) anchors.requireHolder(job, msg.sender, epoch);
        if (_pending[job].settlesAt != 0) revert AssertionPending(_pending[job].settlesAt);
        Pending memory p;
        (p.root, p.totals) = (earningsRoot(job, leaves), totalsOf(leaves));
        p.links = _requirePossible(job, rounds, p.totals, isFinal, cancelled);
        (p.asserter, p.rounds, p.isFinal) = (msg.sender, rounds, isFinal);
        p.settlesAt = uint48(block.timestamp) + _challengeSeconds;
        p.number = ++_assertions[job];
        _pending[job] = p;
        registry.lock(msg.sender, _bond);
        emit Asserted(job, msg.sender, rounds, p.root, leaves, isFinal, p.settlesAt);
    }

    /// @notice Counts what an account earned in the next links that the pending assertion adds to what is settled. Many
    /// rounds may take several calls. For anyone.
    function count(bytes32 job, address account, Anchor[] calldata links) external {
        Pending storage p = _pending[job];
        if (p.settlesAt == 0) revert NothingPending();
        Tally storage t = _tallies[job][p.number][account];
        uint32 next = t.next == 0 ? _settled[job].rounds : t.next;
        uint32 replicas = escrow.termsOf(job).replicas;
        for (uint256 i = 0; i < links.length; i++) {
            bool closing = next == p.rounds;
            if (next >= p.links || links[i].job != job || links[i].round != next) revert BadRecord();
            if (anchors.linkOf(job, next).head != headOf(links[i])) revert BadRecord();
            t.counts = plus(t.counts, earnedIn(links[i], account, replicas, closing));
            next++;
        }
        t.next = next;
    }

    /// @notice Shows that an account's leaf is not what it was plus what was counted: the asserter loses its bond.
    /// @param settled Leaves of the settled root. @param pending Leaves of the pending one.
    function challengeEarnings(bytes32 job, address account, Leaf[] calldata settled, Leaf[] calldata pending) external {
        Pending memory p = _pending[job];
        if (p.settlesAt == 0) revert NothingPending();
        if (block.timestamp >= p.settlesAt) revert ChallengeWindowOver(p.settlesAt);
        (bytes32 before, bytes32 after_) = (earningsRoot(job, settled), earningsRoot(job, pending));
        if (before != _settled[job].root || after_ != p.root) revert BadProof();
        Tally memory t = _tallies[job][p.number][account];
        uint32 next = t.next == 0 ? _settled[job].rounds : t.next;
        if (next != p.links) revert NotCounted(next);
        Counts memory right = plus(countsOf(settled, account), t.counts);
        Counts memory said = countsOf(pending, account);
        if (atLeast(right, said) && atLeast(said, right)) revert EarningsRight();
        delete _pending[job];
        emit Refuted(job, p.asserter, msg.sender, account);
        escrow.extendCancel(job);
        Slashing(escrow.slashing()).assertionLost(job, p.asserter, msg.sender);
    }

    /// @notice Makes an assertion count whose challenge window has passed. For anyone.
    function settle(bytes32 job) external {
        Pending memory p = _pending[job];
        if (p.settlesAt == 0) revert NothingPending();
        if (block.timestamp < p.settlesAt) revert ChallengeWindowOpen(p.settlesAt);
        delete _pending[job];
        _settled[job] = Settled(p.root, p.totals, p.rounds);
        uint256 owed = priceOf(escrow.termsOf(job), p.totals);
        emit Settlement(job, p.rounds, p.root, owed, p.isFinal);
        registry.unlock(p.asserter, _bond);
        escrow.owe(job, owed, p.isFinal);
    }

    /// @notice Pays an account what its leaf is worth beyond what it took before. For anyone, as often as they like.
    /// @return due What was paid; zero when there is nothing new.
    function withdraw(bytes32 job, address account, Counts calldata counts, bytes32[] calldata proof)
        external
        returns (uint256 due)
    {
        if (!MerkleProof.verifyCalldata(proof, _settled[job].root, leafHash(job, account, counts))) revert BadProof();
        uint256 amount = priceOf(escrow.termsOf(job), counts);
        uint256 before = withdrawn[job][account];
        if (amount <= before) return 0;
        due = amount - before;
        withdrawn[job][account] = amount;
        emit Withdrawn(job, account, due);
        escrow.pay(job, account, due);
    }

    /// @notice Returns when the pending assertion may settle; zero when there is none.
    function pendingUntil(bytes32 job) external view returns (uint48) {
        return _pending[job].settlesAt;
    }

    function earningsOf(bytes32 job) external view returns (Settled memory settled, Pending memory pending) {
        return (_settled[job], _pending[job]);
    }

    /// @notice Returns what was counted for an account under the pending assertion.
    function tallyOf(bytes32 job, address account) external view returns (Tally memory) {
        return _tallies[job][_pending[job].number][account];
    }

    /// @dev As long as the chain of a cancelled job may still be closed with what was done last, in the first half of the time, nobody
    /// cuts that off by asserting sooner.
    function _isForAll(bytes32 job) private view returns (bool) {
        (, uint48 cancelEndsAt) = escrow.statusOf(job);
        return anchors.anchorsOf(job).ended || block.timestamp + _aloneSeconds >= cancelEndsAt;
    }

    /// @dev Open jobs take any assertion; cancelled ones only the last word, and only for a while.
    function _requireAssertable(bytes32 job, bool isFinal) private view returns (bool cancelled) {
        (Escrow.Status status, uint48 cancelEndsAt) = escrow.statusOf(job);
        if (status == Escrow.Status.Open) return false;
        if (status != Escrow.Status.Cancelled) revert JobNotOpen(job);
        if (!isFinal) revert OnlyFinal();
        if (block.timestamp > cancelEndsAt) revert CancelWindowOver(cancelEndsAt);
        return true;
    }

    function _requirePossible(bytes32 job, uint32 rounds, Counts memory totals, bool isFinal, bool cancelled)
        private
        view
        returns (uint32 links)
    {
        Anchors.JobAnchors memory a = anchors.anchorsOf(job);
        Terms memory terms = escrow.termsOf(job);
        links = isFinal && a.ended ? rounds + 1 : rounds;
        if (rounds > a.rounds || links > a.finalRounds) revert RoundsNotFinal(a.finalRounds);
        if (rounds < _settled[job].rounds) revert RoundsDecrease(_settled[job].rounds);
        bool finished = rounds == a.rounds && (cancelled || a.ended || rounds == terms.rounds);
        if (isFinal && !finished) revert NotFinished();
        if (!atLeast(totals, _settled[job].totals)) revert TotalsDecrease();
        // A closing link may hold work of the round in which a job was cut short.
        Counts memory most = mostCounts(terms, links < terms.rounds ? links : terms.rounds);
        most.coordinated = rounds;
        if (!atLeast(most, totals)) revert TotalsExceedRounds();
    }
}
