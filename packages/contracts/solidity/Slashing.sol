// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Anchors} from "./Anchors.sol";
import {
    BadRecord,
    CaseUnknown,
    ChallengeWindowOpen,
    ChallengeWindowOver,
    NotCompensated,
    NotModule
} from "./Errors.sol";
import {Escrow} from "./Escrow.sol";
import {Parameters} from "./Parameters.sol";
import {Registry} from "./Registry.sol";
import {Rounds} from "./Rounds.sol";
import {Terms} from "./Terms.sol";
import {Anchor, headOf, Wrong} from "./Works.sol";

/// @notice Spends what is slashed: the challenger's reward, the burn, compensation for voided work, the rest.
/// @dev At least half is burned, so that nobody gains by proving itself wrong. Burned tokens go to an address that nobody
/// has the key of: any token can be sent there, few can be burned.
contract Slashing {
    using SafeERC20 for IERC20;

    /// @notice What a claim that was proven wrong did to the rounds after it.
    struct Case {
        bytes32 job;
        /// Later rounds are void through no fault of their own.
        uint32 round;
        /// Until when voided work is reported; compensation is paid from then on.
        uint48 endsAt;
        bool divided;
        address loserOwner;
        /// Not paid out yet.
        uint128 pot;
        /// Price of the reported work that was not compensated yet.
        uint128 weight;
    }

    /// @dev A void work in the case that it shares in.
    struct Report {
        bytes32 wrong;
        uint128 price;
    }

    address public constant BURNED = 0x000000000000000000000000000000000000dEaD;

    IERC20 public immutable token;
    Registry public immutable registry;
    Escrow public immutable escrow;
    Anchors public immutable anchors;
    address private immutable _earnings;
    address private immutable _disputes;
    uint128 private immutable _reward;
    uint128 private immutable _earningsBond;
    uint128 private immutable _attestationBond;
    uint48 private immutable _reportSeconds;

    mapping(bytes32 wrong => Case) private _cases;
    /// @notice Price of the voided work that an account reported in a case.
    mapping(bytes32 wrong => mapping(address account => uint128)) public reported;
    mapping(bytes32 head => mapping(uint32 position => Report)) private _reports;

    event Spent(
        bytes32 indexed job, address indexed loser, address indexed winner, uint128 reward, uint128 burned, uint128 rest
    );
    event CaseOpened(bytes32 indexed job, bytes32 indexed wrong, uint32 round, uint128 pot, uint48 endsAt);
    event Reported(bytes32 indexed wrong, bytes32 indexed head, uint32 position, address worker, uint128 price);
    event Divided(bytes32 indexed wrong, address indexed submitter, uint128 rest);
    event Compensated(bytes32 indexed wrong, address indexed account, uint128 amount);

    constructor(Registry registry_, Escrow escrow_, Anchors anchors_) {
        token = registry_.token();
        registry = registry_;
        escrow = escrow_;
        anchors = anchors_;
        _earnings = escrow_.earnings();
        _disputes = escrow_.disputes();
        Parameters memory p = registry_.parameters();
        (_reward, _earningsBond, _attestationBond) = (p.challengerReward, p.earningsBond, p.challengeBond);
        // Every game about voided work is over by then.
        _reportSeconds = p.challengeSeconds + 2 * p.maximumDelaySeconds;
    }

    /// @notice Slashes a worker whose claim was proven wrong, and takes its round and all after it back; or a verifier whose
    /// attestation was.
    function defenceLost(Wrong calldata w, address challenger) external {
        if (msg.sender != _disputes) revert NotModule(msg.sender);
        (bool spent, bool rewound) = anchors.refute(w);
        _withdrawReport(w.head, w.position, w.loser);
        uint128 bond = w.attestation ? _attestationBond : escrow.unitBondOf(w.job);
        uint128 rest = spent ? _spend(w.job, w.loser, challenger, bond) : 0;
        if (!rewound) return _pay(escrow.jobOf(w.job).submitter, rest);
        uint48 endsAt = uint48(block.timestamp) + _reportSeconds;
        _cases[w.head] = Case(w.job, w.round, endsAt, false, registry.nodeOf(w.loser).owner, rest, 0);
        emit CaseOpened(w.job, w.head, w.round, rest, endsAt);
    }

    /// @notice Takes the bond of an assertion of earnings that was proven wrong.
    function assertionLost(bytes32 job, address asserter, address challenger) external {
        if (msg.sender != _earnings) revert NotModule(msg.sender);
        _pay(escrow.jobOf(job).submitter, _spend(job, asserter, challenger, _earningsBond));
    }

    /// @notice Takes the bond of a challenger who lost: half is burned, the rest is the defender's.
    function challengeLost(bytes32 job, address challenger, address defender, uint128 bond) external {
        if (msg.sender != _disputes) revert NotModule(msg.sender);
        uint128 rest = bond / 2;
        registry.slash(challenger, bond);
        emit Spent(job, challenger, defender, rest, bond - rest, 0);
        _pay(BURNED, bond - rest);
        _pay(defender, rest);
    }

    /// @notice Says that a work became void through another's wrong, so that it shares in the compensation. For anyone.
    function report(Anchor calldata a, uint32 position) external {
        bytes32 head = headOf(a);
        bytes32 wrong = anchors.voidOf(head).by;
        Case storage c = _cases[wrong];
        if (c.job == 0) revert CaseUnknown(wrong);
        if (block.timestamp >= c.endsAt) revert ChallengeWindowOver(c.endsAt);
        if (position >= a.works.length) revert BadRecord();
        address worker = a.works[position].worker;
        if (!_isVictim(c, a.round, head, position, worker)) revert NotCompensated();
        uint128 price = _priceOf(a, position);
        _reports[head][position] = Report(wrong, price);
        reported[wrong][worker] += price;
        c.weight += price;
        emit Reported(wrong, head, position, worker, price);
    }

    /// @notice Pays an account its share of a case: pro rata, and never more than its work's price. For anyone.
    /// @dev What no price covers is the submitter's, who goes first.
    function compensate(bytes32 wrong, address account) external {
        Case storage c = _cases[wrong];
        if (c.job == 0) revert CaseUnknown(wrong);
        if (block.timestamp < c.endsAt) revert ChallengeWindowOpen(c.endsAt);
        if (!c.divided) _divide(wrong, c);
        uint128 weight = reported[wrong][account];
        uint128 amount = weight == 0 ? 0 : uint128(uint256(c.pot) * weight / c.weight);
        reported[wrong][account] = 0;
        c.weight -= weight;
        c.pot -= amount;
        emit Compensated(wrong, account, amount);
        _pay(account, amount);
    }

    function caseOf(bytes32 wrong) external view returns (Case memory) {
        return _cases[wrong];
    }

    function _isVictim(Case storage c, uint32 round, bytes32 head, uint32 position, address worker)
        private
        view
        returns (bool)
    {
        if (round <= c.round || _reports[head][position].wrong != 0) return false;
        bool slashed = anchors.bondOf(head, position) == Rounds.Bond.Slashed;
        return !slashed && registry.nodeOf(worker).owner != c.loserOwner;
    }

    function _priceOf(Anchor calldata a, uint32 position) private view returns (uint128) {
        Terms memory terms = escrow.termsOf(a.job);
        return a.works[position].index < terms.replicas ? terms.trainPrice : terms.evaluatePrice;
    }

    /// @dev A work that was proven wrong itself is not compensated, whatever was reported before.
    function _withdrawReport(bytes32 head, uint32 position, address worker) private {
        Report memory r = _reports[head][position];
        Case storage c = _cases[r.wrong];
        if (r.price == 0 || c.divided) return;
        _reports[head][position].price = 0;
        c.weight -= r.price;
        reported[r.wrong][worker] -= r.price;
    }

    function _divide(bytes32 wrong, Case storage c) private {
        c.divided = true;
        uint128 rest = c.pot > c.weight ? c.pot - c.weight : 0;
        c.pot -= rest;
        address submitter = escrow.jobOf(c.job).submitter;
        emit Divided(wrong, submitter, rest);
        _pay(submitter, rest);
    }

    /// @return rest What neither the challenger gets nor the fire.
    function _spend(bytes32 job, address loser, address challenger, uint128 bond) private returns (uint128 rest) {
        uint128 half = bond / 2;
        uint128 reward = _reward < half ? _reward : half;
        rest = half - reward;
        registry.slash(loser, bond);
        emit Spent(job, loser, challenger, reward, bond - half, rest);
        _pay(BURNED, bond - half);
        _pay(challenger, reward);
    }

    function _pay(address to, uint128 amount) private {
        if (amount > 0) token.safeTransfer(to, amount);
    }
}
