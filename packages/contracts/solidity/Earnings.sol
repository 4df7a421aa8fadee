// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Anchors} from "./Anchors.sol";
import {
    AssertionPending,
    BadParameters,
    BadProof,
    CancelWindowOver,
    ChallengeWindowOpen,
    JobNotOpen,
    NotFinished,
    NothingPending,
    OnlyFinal,
    RoundsDecrease,
    RoundsNotAnchored,
    TotalsDecrease,
    TotalsExceedRounds
} from "./Errors.sol";
import {Escrow} from "./Escrow.sol";
import {Registry} from "./Registry.sol";
import {atLeast, Counts, mostCounts, priceOf, Terms} from "./Terms.sol";

/// @notice What a job's accounts earned: one cumulative Merkle root per job, a bonded assertion with its own window.
/// @dev The tree is OpenZeppelin's StandardMerkleTree over (job, account, trained, evaluated, kept, coordinated).
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
    }

    Registry public immutable registry;
    Escrow public immutable escrow;
    Anchors public immutable anchors;
    uint128 private immutable _bond;
    uint48 private immutable _challengeSeconds;

    mapping(bytes32 job => Settled) private _settled;
    mapping(bytes32 job => Pending) private _pending;
    /// @notice What an account has taken from a job.
    mapping(bytes32 job => mapping(address account => uint256)) public withdrawn;

    event Asserted(
        bytes32 indexed job,
        address indexed asserter,
        uint32 rounds,
        bytes32 root,
        Counts totals,
        bool isFinal,
        uint48 settlesAt
    );
    event Settlement(bytes32 indexed job, uint32 rounds, bytes32 root, uint256 owed, bool isFinal);
    event Withdrawn(bytes32 indexed job, address indexed account, uint256 amount);

    /// @dev The last of the four to be deployed, so it can see whether all predicted addresses came true.
    constructor(Registry registry_, Escrow escrow_, Anchors anchors_) {
        bool registryFits = registry_.anchors() == address(anchors_) && registry_.earnings() == address(this);
        bool escrowFits = address(escrow_.registry()) == address(registry_) && escrow_.anchors() == address(anchors_)
            && escrow_.earnings() == address(this);
        bool anchorsFit =
            address(anchors_.registry()) == address(registry_) && address(anchors_.escrow()) == address(escrow_);
        if (!registryFits || !escrowFits || !anchorsFit) revert BadParameters();
        registry = registry_;
        escrow = escrow_;
        anchors = anchors_;
        _bond = registry_.parameters().earningsBond;
        _challengeSeconds = registry_.parameters().challengeSeconds;
    }

    /// @notice Claims, with a bond, what a job owes after `rounds` anchored rounds. For the lease holder.
    function assertEarnings(
        bytes32 job,
        uint32 epoch,
        uint32 rounds,
        bytes32 root,
        Counts calldata totals,
        bool isFinal
    ) external {
        registry.requireRunning();
        bool cancelled = _requireAssertable(job, isFinal);
        anchors.requireHolder(job, msg.sender, epoch);
        if (_pending[job].settlesAt != 0) revert AssertionPending(_pending[job].settlesAt);
        _requirePossible(job, rounds, totals, isFinal, cancelled);
        uint48 settlesAt = uint48(block.timestamp) + _challengeSeconds;
        _pending[job] = Pending(root, totals, msg.sender, rounds, settlesAt, isFinal);
        registry.lock(msg.sender, _bond);
        emit Asserted(job, msg.sender, rounds, root, totals, isFinal, settlesAt);
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
        if (!MerkleProof.verifyCalldata(proof, _settled[job].root, _leaf(job, account, counts))) revert BadProof();
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

    /// @dev Open jobs take any assertion; cancelled ones only the last word, and only for a while.
    function _requireAssertable(bytes32 job, bool isFinal) private view returns (bool cancelled) {
        (Escrow.Status status, uint48 cancelEndsAt) = escrow.statusOf(job);
        if (status == Escrow.Status.Open) return false;
        if (status != Escrow.Status.Cancelled) revert JobNotOpen(job);
        if (!isFinal) revert OnlyFinal();
        if (block.timestamp > cancelEndsAt) revert CancelWindowOver(cancelEndsAt);
        return true;
    }

    function _requirePossible(bytes32 job, uint32 rounds, Counts calldata totals, bool isFinal, bool cancelled)
        private
        view
    {
        Anchors.JobAnchors memory a = anchors.anchorsOf(job);
        Terms memory terms = escrow.termsOf(job);
        if (rounds > a.rounds) revert RoundsNotAnchored(a.rounds);
        if (rounds < _settled[job].rounds) revert RoundsDecrease(_settled[job].rounds);
        bool finished = rounds == a.rounds && (cancelled || a.ended || rounds == terms.rounds);
        if (isFinal && !finished) revert NotFinished();
        if (!atLeast(totals, _settled[job].totals)) revert TotalsDecrease();
        // Work of the round in which a job was cut short is owed as well; it has no anchor.
        bool cutShort = isFinal && (cancelled || a.ended) && rounds < terms.rounds;
        Counts memory most = mostCounts(terms, cutShort ? rounds + 1 : rounds);
        most.coordinated = rounds;
        if (!atLeast(most, totals)) revert TotalsExceedRounds();
    }

    function _leaf(bytes32 job, address account, Counts calldata c) private pure returns (bytes32) {
        bytes memory fields = abi.encode(job, account, c.trained, c.evaluated, c.kept, c.coordinated);
        return keccak256(bytes.concat(keccak256(fields)));
    }
}
