// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Anchors} from "../solidity/Anchors.sol";
import {Earnings} from "../solidity/Earnings.sol";
import {Leaf, leafHash} from "../solidity/EarningsTree.sol";
import {Escrow} from "../solidity/Escrow.sol";
import {Counts, mostCounts, priceOf, Terms} from "../solidity/Terms.sol";
import {Anchor} from "../solidity/Works.sol";
import {DisputeHandler} from "./DisputeHandler.sol";
import {VM} from "./Vm.sol";

/// @notice Turns forge's random arguments into calls that often go through.
/// @dev A call that is refused reverts here too, so that nothing is remembered of it.
contract Handler is DisputeHandler {
    /// @dev Whether a wrong assertion was settled: nobody challenged it.
    mapping(bytes32 job => bool) private _lied;

    constructor() {
        _makeActors();
        deploy(smallParameters(actors[0]));
        for (uint256 i = 0; i < actors.length; i++) {
            address actor = actors[i];
            token.mint(actor, 100_000);
            VM.startPrank(actor);
            token.approve(address(registry), type(uint256).max);
            token.approve(address(escrow), type(uint256).max);
            registry.register(bytes32(i + 1), [bytes32(0), bytes32(0)], actor, i == 0);
            registry.stake(2_500);
            VM.stopPrank();
            deposited += 2_500;
        }
    }

    function pause(bool start, uint8 rarely) external {
        VM.assume(rarely < 32);
        VM.prank(actors[0]);
        start ? registry.pause() : registry.unpause();
    }

    function stake(uint256 who, uint16 amount) external {
        VM.prank(_actor(who));
        registry.stake(amount % 300);
        deposited += amount % 300;
    }

    function unstake(uint256 who, uint16 amount) external {
        VM.prank(_actor(who));
        registry.unstake(amount % 600);
    }

    function withdrawStake(uint256 who) external {
        address actor = _actor(who);
        uint256 before = token.balanceOf(actor);
        VM.prank(actor);
        registry.withdrawStake();
        unstaked += token.balanceOf(actor) - before;
    }

    function submit(uint256 who, uint8 rounds, uint8 replicas, uint8 custodians, uint8 price, uint8 slack) external {
        Terms memory t;
        t.document = bytes32(++documents);
        (t.rounds, t.replicas, t.custodians) = (1 + (rounds % 4), 1 + (replicas % 3), custodians % 3);
        (t.evaluateEvery, t.maximumUnsettled) = (slack % 3, 1 + (slack % 3));
        (t.trainPrice, t.evaluatePrice, t.custodyPrice, t.roundPrice) = (price % 16, price / 16, slack % 8, price % 8);
        if (rounds < 220) (t.policy, t.auditRate, t.verifiers, t.auditPrice, t.provable) = (1, 500_000, 1, price % 3, t.document);
        t.budget = uint128(priceOf(t, mostCounts(t, t.rounds))) + slack;
        VM.prank(_actor(who));
        jobs.push(escrow.submit(t));
        deposited += t.budget;
    }

    function cancel(uint256 which, uint8 rarely) external {
        VM.assume(rarely < 32);
        bytes32 job = _job(which);
        VM.prank(escrow.jobOf(job).submitter);
        escrow.cancel(job);
    }

    function close(uint256 which) external {
        bytes32 job = _job(which);
        address submitter = escrow.jobOf(job).submitter;
        uint256 before = token.balanceOf(submitter);
        escrow.close(job);
        refunded += token.balanceOf(submitter) - before;
    }

    function takeLease(uint256 who, uint256 which) external {
        VM.prank(_actor(who));
        anchors.takeLease(_job(which));
    }

    function releaseLease(uint256 which, uint8 rarely) external {
        VM.assume(rarely < 64);
        bytes32 job = _job(which);
        Anchors.JobAnchors memory a = anchors.anchorsOf(job);
        VM.prank(a.holder);
        anchors.releaseLease(job, a.epoch);
    }

    function assertEarnings(uint256 which, uint8 lie) external {
        bytes32 job = _jobThat(which, _isLeased);
        Anchors.JobAnchors memory a = anchors.anchorsOf(job);
        Escrow.Job memory j = escrow.jobOf(job);
        uint32 rounds = a.finalRounds < a.rounds ? a.finalRounds : a.rounds;
        bool last = a.rounds == j.terms.rounds || a.ended || j.status == Escrow.Status.Cancelled;
        bool isFinal = last && a.finalRounds == a.rounds + (a.ended ? 1 : 0);
        Leaf[] memory leaves = _rightLeaves(job, rounds, isFinal && a.ended ? rounds + 1 : rounds);
        // A liar gives one actor's work to another.
        if (lie < 64) (leaves[lie % 4].counts, leaves[(lie + 1) % 4].counts) =
            (leaves[(lie + 1) % 4].counts, leaves[lie % 4].counts);
        VM.prank(a.holder);
        earnings.assertEarnings(job, a.epoch, rounds, leaves, isFinal);
        _asserted[job] = abi.encode(leaves);
    }

    /// @dev Who is right keeps its bond: the contract counts what the handler counted.
    function challengeEarnings(uint256 who, uint256 which, uint256 about) external {
        bytes32 job = _jobThat(which, _isPending);
        (Earnings.Settled memory s, Earnings.Pending memory p) = earnings.earningsOf(job);
        Anchor[] memory links = new Anchor[](p.links - s.rounds);
        for (uint32 i = 0; i < links.length; i++) links[i] = _link(job, s.rounds + i);
        earnings.count(job, _actor(about), links);
        Leaf[] memory said = _leavesOf(_asserted[job]);
        uint256 held = _held();
        VM.prank(_actor(who));
        earnings.challengeEarnings(job, _actor(about), _leavesOf(_settled[job]), said);
        awarded += _held() - held;
        // Against an honest past, nobody loses a bond for what is right.
        Leaf[] memory right = _rightLeaves(job, p.rounds, p.links);
        bool honest = keccak256(abi.encode(right)) == keccak256(_asserted[job]) && !_lied[job];
        if (honest) misbehaved = true;
    }

    function settle(uint256 which) external {
        bytes32 job = _jobThat(which, _isPending);
        earnings.settle(job);
        _settled[job] = _asserted[job];
        (Earnings.Settled memory s,) = earnings.earningsOf(job);
        Anchors.JobAnchors memory a = anchors.anchorsOf(job);
        bool closed = a.ended && escrow.jobOf(job).status == Escrow.Status.Final;
        Leaf[] memory right = _rightLeaves(job, s.rounds, closed ? s.rounds + 1 : s.rounds);
        if (keccak256(abi.encode(right)) != keccak256(_settled[job])) _lied[job] = true;
    }

    function withdrawAgain(uint256 which, uint8 who) external {
        withdraw(which, who);
    }

    function withdraw(uint256 which, uint8 who) public {
        bytes32 job = _jobThat(which, _isSettled);
        Leaf[] memory leaves = _leavesOf(_settled[job]);
        Leaf memory mine = leaves[who % 4];
        bytes32[] memory proof = _proofOf(job, leaves, who % 4);
        uint256 before = token.balanceOf(mine.account);
        uint256 due = earnings.withdraw(job, mine.account, mine.counts, proof);
        try earnings.withdraw(job, mine.account, mine.counts, proof) returns (uint256 again) {
            if (again != 0) misbehaved = true;
        } catch {
            misbehaved = true;
        }
        uint256 paid = token.balanceOf(mine.account) - before;
        if (paid != due) misbehaved = true;
        received[job][mine.account] += paid;
        withdrawn += paid;
    }

    /// @dev Leaves ascend by account, and so do the actors.
    function _makeActors() private {
        for (uint256 i = 0; i < actors.length; i++) {
            (actors[i], _keys[i]) = (VM.addr(0xa1 + i), 0xa1 + i);
            for (uint256 k = i; k > 0 && actors[k] < actors[k - 1]; k--) {
                (actors[k], actors[k - 1]) = (actors[k - 1], actors[k]);
                (_keys[k], _keys[k - 1]) = (_keys[k - 1], _keys[k]);
            }
        }
    }

    /// @dev Four leaves: the tree's elements 6, 5, 4, 3 are the accounts in order.
    function _proofOf(bytes32 job, Leaf[] memory leaves, uint256 i) private pure returns (bytes32[] memory proof) {
        proof = new bytes32[](2);
        proof[0] = leafHash(job, leaves[i ^ 1].account, leaves[i ^ 1].counts);
        uint256 other = (i ^ 2) & 2;
        bytes32 a = leafHash(job, leaves[other].account, leaves[other].counts);
        bytes32 b = leafHash(job, leaves[other + 1].account, leaves[other + 1].counts);
        proof[1] = a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
    }
}
