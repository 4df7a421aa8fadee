// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {
    AssertionPending,
    BadTerms,
    BudgetTooLow,
    JobExists,
    JobNotOpen,
    JobUnknown,
    NotClosable,
    NotModule,
    NotSubmitter,
    OwedExceedsBudget,
    PaidExceedsOwed
} from "./Errors.sol";
import {Modules} from "./Modules.sol";
import {Registry} from "./Registry.sol";
import {areSensible, mostCounts, priceOf, Terms, unitBondFor} from "./Terms.sol";

/// @dev What the escrow asks of Earnings; an interface, so that the two files need no circle of imports.
interface PendingAssertions {
    function pendingUntil(bytes32 job) external view returns (uint48);
}

/// @notice Holds the budgets of jobs: pays what is owed, refunds the rest.
/// @dev The token is chosen at deployment and must move exactly what it is told to. Each job's money is
/// budget = paid + (owed - paid) + (budget - owed): paid out, kept for withdrawals, refunded by `close`.
contract Escrow {
    using SafeERC20 for IERC20;

    enum Status {
        None,
        Open,
        Cancelled,
        Final,
        Closed
    }

    struct Job {
        Terms terms;
        address submitter;
        Status status;
        /// Until when final earnings may be asserted after a cancellation.
        uint48 cancelEndsAt;
        uint128 owed;
        uint128 paid;
        /// Locked from a worker's stake for each of its units until their round is final.
        uint128 unitBond;
    }

    IERC20 public immutable token;
    Registry public immutable registry;
    address public immutable anchors;
    address public immutable earnings;
    address public immutable slashing;
    address public immutable disputes;
    uint48 private immutable _cancelSeconds;
    uint48 private immutable _challengeSeconds;
    uint32 private immutable _colludingShare;

    mapping(bytes32 job => Job) private _jobs;
    bytes32[] private _keys;

    event Submitted(bytes32 indexed job, address indexed submitter, bytes32 document, uint128 budget);
    event Cancelled(bytes32 indexed job, uint48 cancelEndsAt);
    event CancelExtended(bytes32 indexed job, uint48 cancelEndsAt);
    event Owed(bytes32 indexed job, uint128 owed, bool isFinal);
    event Paid(bytes32 indexed job, address indexed account, uint128 amount);
    event Closed(bytes32 indexed job, address indexed submitter, uint128 refund);

    modifier onlyEarnings() {
        if (msg.sender != earnings) revert NotModule(msg.sender);
        _;
    }

    constructor(Registry registry_) {
        Modules memory m = registry_.modules();
        (anchors, earnings, slashing, disputes) = (m.anchors, m.earnings, m.slashing, m.disputes);
        registry = registry_;
        token = registry_.token();
        _cancelSeconds = registry_.parameters().cancelSeconds;
        _challengeSeconds = registry_.parameters().challengeSeconds;
        _colludingShare = registry_.parameters().colludingShare;
    }

    /// @notice Locks the caller's budget for a job.
    function submit(Terms calldata terms) external returns (bytes32 job) {
        registry.requireRunning();
        job = keccak256(abi.encode(msg.sender, terms.document));
        if (_jobs[job].status != Status.None) revert JobExists(job);
        if (!areSensible(terms)) revert BadTerms();
        // The most that the job can come to.
        uint256 needed = priceOf(terms, mostCounts(terms, terms.rounds));
        if (terms.budget < needed) revert BudgetTooLow(needed, terms.budget);
        uint128 unitBond = unitBondFor(terms, _colludingShare);
        _jobs[job] = Job(terms, msg.sender, Status.Open, 0, 0, 0, unitBond);
        _keys.push(job);
        emit Submitted(job, msg.sender, terms.document, terms.budget);
        token.safeTransferFrom(msg.sender, address(this), terms.budget);
    }

    /// @notice Stops a job: no more anchors, and a window for its final earnings.
    function cancel(bytes32 job) external {
        Job storage j = _known(job);
        if (msg.sender != j.submitter) revert NotSubmitter(msg.sender);
        if (j.status != Status.Open) revert JobNotOpen(job);
        j.status = Status.Cancelled;
        j.cancelEndsAt = uint48(block.timestamp) + _cancelSeconds;
        emit Cancelled(job, j.cancelEndsAt);
    }

    /// @notice Refunds what nobody earned. For anyone, once, when the earnings are final or the cancel window is over.
    function close(bytes32 job) external {
        Job storage j = _known(job);
        uint48 settlesAt = PendingAssertions(earnings).pendingUntil(job);
        if (settlesAt != 0) revert AssertionPending(settlesAt);
        bool cancelOver = j.status == Status.Cancelled && block.timestamp > j.cancelEndsAt;
        if (j.status != Status.Final && !cancelOver) revert NotClosable(job);
        j.status = Status.Closed;
        uint128 refund = j.terms.budget - j.owed;
        emit Closed(job, j.submitter, refund);
        token.safeTransfer(j.submitter, refund);
    }

    /// @notice Records what a settled assertion says the job owes in all.
    function owe(bytes32 job, uint256 owed, bool isFinal) external onlyEarnings {
        Job storage j = _jobs[job];
        // Terms were checked to cover the most a job can come to; this line lets the escrow hold without trusting Earnings.
        if (owed > j.terms.budget) revert OwedExceedsBudget(owed, j.terms.budget);
        j.owed = uint128(owed);
        if (isFinal) j.status = Status.Final;
        emit Owed(job, j.owed, isFinal);
    }

    /// @notice Gives the final earnings of a cancelled job another challenge window: a wrong assertion has kept right ones out.
    function extendCancel(bytes32 job) external onlyEarnings {
        Job storage j = _jobs[job];
        uint48 until = uint48(block.timestamp) + _challengeSeconds;
        if (j.status != Status.Cancelled || j.cancelEndsAt >= until) return;
        j.cancelEndsAt = until;
        emit CancelExtended(job, until);
    }

    /// @notice Pays a part of what is owed.
    function pay(bytes32 job, address account, uint256 amount) external onlyEarnings {
        Job storage j = _jobs[job];
        uint256 paid = j.paid + amount;
        if (paid > j.owed) revert PaidExceedsOwed(paid, j.owed);
        j.paid = uint128(paid);
        emit Paid(job, account, uint128(amount));
        token.safeTransfer(account, amount);
    }

    function unitBondOf(bytes32 job) external view returns (uint128) {
        return _jobs[job].unitBond;
    }

    /// @notice Returns a job; an unknown one has status None.
    function jobOf(bytes32 job) external view returns (Job memory) {
        return _jobs[job];
    }

    function termsOf(bytes32 job) external view returns (Terms memory) {
        return _jobs[job].terms;
    }

    /// @notice Returns a job's status and the end of its cancel window; reverts for an unknown job.
    function statusOf(bytes32 job) external view returns (Status, uint48 cancelEndsAt) {
        Job storage j = _known(job);
        return (j.status, j.cancelEndsAt);
    }

    function jobCount() external view returns (uint256) {
        return _keys.length;
    }

    /// @notice Lists up to `count` jobs in the order of their submission.
    function jobsFrom(uint256 start, uint256 count) external view returns (bytes32[] memory keys, Job[] memory jobs) {
        uint256 end = start + count < _keys.length ? start + count : _keys.length;
        uint256 length = start < end ? end - start : 0;
        (keys, jobs) = (new bytes32[](length), new Job[](length));
        for (uint256 i = 0; i < length; i++) {
            keys[i] = _keys[start + i];
            jobs[i] = _jobs[keys[i]];
        }
    }

    function _known(bytes32 job) private view returns (Job storage j) {
        j = _jobs[job];
        if (j.status == Status.None) revert JobUnknown(job);
    }
}
