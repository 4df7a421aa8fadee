// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Anchors} from "../solidity/Anchors.sol";
import {Escrow} from "../solidity/Escrow.sol";
import {Counts, mostCounts, Terms} from "../solidity/Terms.sol";
import {Ledger} from "./Ledger.sol";
import {VM} from "./Vm.sol";

/// @notice Turns forge's random arguments into calls that often go through.
/// @dev A call that is refused reverts here too, so that nothing is remembered of it.
contract Handler is Ledger {
    constructor() {
        deploy(smallParameters(actors[0]));
        for (uint256 i = 0; i < actors.length; i++) {
            address actor = actors[i];
            token.mint(actor, 100_000);
            VM.startPrank(actor);
            token.approve(address(registry), type(uint256).max);
            token.approve(address(escrow), type(uint256).max);
            registry.register(bytes32(i + 1), [bytes32(0), bytes32(0)], actor);
            registry.stake(500);
            VM.stopPrank();
            deposited += 500;
        }
    }

    function wait_(uint8 time) external {
        VM.warp(block.timestamp + (time < 240 ? time / 6 : 100));
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
        t.evaluations = t.rounds - (slack % 2);
        (t.trainPrice, t.evaluatePrice, t.custodyPrice, t.roundPrice) = (price % 16, price / 16, slack % 8, price % 8);
        uint128 units = uint128(t.rounds) * t.replicas;
        t.budget = units * (t.trainPrice + t.custodians * t.custodyPrice) + t.evaluations * t.evaluatePrice
            + t.rounds * t.roundPrice + slack;
        VM.prank(_actor(who));
        jobs.push(escrow.submit(t));
        deposited += t.budget;
    }

    function cancel(uint256 which, uint8 rarely) external {
        VM.assume(rarely < 48);
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

    function anchor(uint256 which, bytes32 globalRoot) public {
        bytes32 job = _jobThat(which, _isLeased);
        Anchors.JobAnchors memory a = anchors.anchorsOf(job);
        VM.prank(a.holder);
        anchors.anchor(job, a.epoch, a.head, a.rounds, globalRoot, globalRoot);
    }

    /// @dev The same function under two names is chosen twice as often.
    function anchorAgain(uint256 which, bytes32 globalRoot) external {
        anchor(which, globalRoot);
    }

    function end(uint256 which, uint8 rarely) external {
        VM.assume(rarely < 16);
        bytes32 job = _job(which);
        Anchors.JobAnchors memory a = anchors.anchorsOf(job);
        VM.prank(a.holder);
        anchors.end(job, a.epoch, a.head, job);
    }

    function assertEarnings(uint256 which, uint8 share, uint8 lie) external {
        bytes32 job = _jobThat(which, _isLeased);
        Anchors.JobAnchors memory a = anchors.anchorsOf(job);
        Escrow.Job memory j = escrow.jobOf(job);
        Counts memory totals = mostCounts(j.terms, a.rounds);
        // The second has what the first left, the coordinator's part aside; a liar promises everything to both.
        bool honest = lie >= 64;
        Counts memory one = honest ? _part(totals, share) : totals;
        Counts memory two = honest ? _rest(totals, one) : totals;
        bytes32 root = Hashes.commutativeKeccak256(_leaf(job, actors[0], one), _leaf(job, actors[1], two));
        bool isFinal = a.rounds == j.terms.rounds || a.ended || j.status == Escrow.Status.Cancelled;
        VM.prank(a.holder);
        earnings.assertEarnings(job, a.epoch, a.rounds, root, totals, isFinal);
        (_asserted[job][0], _asserted[job][1]) = (one, two);
    }

    function settle(uint256 which) external {
        bytes32 job = _jobThat(which, _isPending);
        earnings.settle(job);
        _settled[job][0] = _asserted[job][0];
        _settled[job][1] = _asserted[job][1];
    }

    function withdrawAgain(uint256 which, bool second) external {
        withdraw(which, second);
    }

    function withdraw(uint256 which, bool second) public {
        bytes32 job = _jobThat(which, _isSettled);
        (uint256 mine, uint256 other) = second ? (1, 0) : (0, 1);
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = _leaf(job, actors[other], _settled[job][other]);
        uint256 before = token.balanceOf(actors[mine]);
        uint256 due = earnings.withdraw(job, actors[mine], _settled[job][mine], proof);
        try earnings.withdraw(job, actors[mine], _settled[job][mine], proof) returns (uint256 again) {
            if (again != 0) misbehaved = true;
        } catch {
            misbehaved = true;
        }
        uint256 paid = token.balanceOf(actors[mine]) - before;
        if (paid != due) misbehaved = true;
        received[job][actors[mine]] += paid;
        withdrawn += paid;
    }
}
