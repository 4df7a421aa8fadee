// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Anchors} from "../solidity/Anchors.sol";
import {Disputes} from "../solidity/Disputes.sol";
import {earnedIn, Leaf, plus} from "../solidity/EarningsTree.sol";
import {Earnings} from "../solidity/Earnings.sol";
import {Escrow} from "../solidity/Escrow.sol";
import {Rounds} from "../solidity/Rounds.sol";
import {Counts} from "../solidity/Terms.sol";
import {Anchor} from "../solidity/Works.sol";
import {Network} from "./Network.sol";
import {VM} from "./Vm.sol";

/// @notice What the handler remembers, and how it finds who and what a call is about.
abstract contract Ledger is Network {
    /// @notice In the order of their addresses.
    address[4] public actors;
    uint256[4] internal _keys;
    bytes32[] public jobs;
    uint256 public deposited;
    uint256 public refunded;
    uint256 public unstaked;
    uint256 public withdrawn;
    uint256 public awarded;
    /// @notice What an account was paid for a job, as seen from outside.
    mapping(bytes32 job => mapping(address account => uint256)) public received;
    /// @notice Bonds of an actor's works and attestations that are neither final, nor released, nor slashed.
    mapping(address actor => uint256) public unitBonds;
    /// @notice Heads of links that were proven wrong.
    bytes32[] public cases;
    /// @notice Set when a withdrawal did not do what it said, once; a `require` here would only undo the call.
    bool public misbehaved;
    uint256 public documents;
    /// @dev Encoded: storage takes no memory of this shape. By head; and all heads, in order.
    mapping(bytes32 head => bytes) internal _anchored;
    bytes32[] internal _heads;
    /// @dev Encoded leaves, as settled and as last asserted.
    mapping(bytes32 job => bytes) internal _settled;
    mapping(bytes32 job => bytes) internal _asserted;

    function jobCount() external view returns (uint256) {
        return jobs.length;
    }

    function caseCount() external view returns (uint256) {
        return cases.length;
    }

    /// @dev A call to itself turns memory into calldata.
    function earned(Anchor calldata a, address account, uint32 replicas, bool closing)
        external
        pure
        returns (Counts memory)
    {
        return earnedIn(a, account, replicas, closing);
    }

    function _actor(uint256 who) internal view returns (address) {
        return actors[who % actors.length];
    }

    function _keyOf(uint256 who) internal view returns (uint256) {
        return _keys[who % _keys.length];
    }

    /// @dev One of the last four, so that jobs are lived through.
    function _job(uint256 which) internal view returns (bytes32) {
        VM.assume(jobs.length > 0);
        return jobs[jobs.length - 1 - (which % (jobs.length < 4 ? jobs.length : 4))];
    }

    /// @dev One of them that is ready for the call, if any is.
    function _jobThat(uint256 which, function(bytes32) view returns (bool) fits) internal view returns (bytes32 job) {
        for (uint256 i = 0; i < 4; i++) {
            job = _job((which % 4) + i);
            if (fits(job)) return job;
        }
    }

    function _isLeased(bytes32 job) internal view returns (bool) {
        (Escrow.Status status,) = escrow.statusOf(job);
        bool alive = status == Escrow.Status.Open || status == Escrow.Status.Cancelled;
        return alive && anchors.anchorsOf(job).holder != address(0);
    }

    function _isUnsettled(bytes32 job) internal view returns (bool) {
        Anchors.JobAnchors memory j = anchors.anchorsOf(job);
        return j.finalRounds < j.rounds + (j.ended ? 1 : 0);
    }

    function _isPending(bytes32 job) internal view returns (bool) {
        return earnings.pendingUntil(job) != 0;
    }

    function _isSettled(bytes32 job) internal view returns (bool) {
        (Earnings.Settled memory s,) = earnings.earningsOf(job);
        return s.root != 0;
    }

    function _link(bytes32 job, uint32 round) internal view returns (Anchor memory) {
        return _decoded(anchors.linkOf(job, round).head);
    }

    function _decoded(bytes32 head) internal view returns (Anchor memory) {
        return abi.decode(_anchored[head], (Anchor));
    }

    /// @dev One of the last heads that fits, standing or void.
    function _someHead(uint256 which, function(bytes32) view returns (bool) fits) internal view returns (bytes32 head) {
        VM.assume(_heads.length > 0);
        for (uint256 i = 0; i < 8 && i < _heads.length; i++) {
            head = _heads[_heads.length - 1 - ((which + i) % (_heads.length < 8 ? _heads.length : 8))];
            if (fits(head)) return head;
        }
    }

    function _isVoid(bytes32 head) internal view returns (bool) {
        return anchors.voidOf(head).until != 0;
    }

    function _isContestable(bytes32 head) internal view returns (bool) {
        Anchor memory a = _decoded(head);
        try anchors.challengeableUntil(a.job, a.round, head) returns (uint48 until) {
            return block.timestamp < until;
        } catch {
            return false;
        }
    }

    /// @dev A game that runs, if any of the last does.
    function _game(uint256 which) internal view returns (uint256 game) {
        uint256 n = disputes.gameCount();
        VM.assume(n > 0);
        for (uint256 i = 0; i < 4 && i < n; i++) {
            game = n - 1 - ((which + i) % (n < 4 ? n : 4));
            Disputes.Turn turn = disputes.gameOf(game).turn;
            if (turn == Disputes.Turn.Defender || turn == Disputes.Turn.Challenger) return game;
        }
    }

    function _bondOf(uint256 game) internal view returns (Rounds.Bond) {
        Disputes.Game memory g = disputes.gameOf(game);
        return anchors.bondOf(g.head, g.position);
    }

    function _held() internal view returns (uint256 sum) {
        for (uint256 i = 0; i < actors.length; i++) sum += token.balanceOf(actors[i]);
    }

    /// @dev What every actor earned in the links that an assertion covers.
    function _rightLeaves(bytes32 job, uint32 rounds, uint32 links) internal view returns (Leaf[] memory leaves) {
        uint32 replicas = escrow.termsOf(job).replicas;
        leaves = new Leaf[](actors.length);
        for (uint256 i = 0; i < actors.length; i++) {
            leaves[i].account = actors[i];
            for (uint32 r = 0; r < links; r++) {
                Counts memory more = this.earned(_link(job, r), actors[i], replicas, r == rounds);
                leaves[i].counts = plus(leaves[i].counts, more);
            }
        }
    }

    function _leavesOf(bytes memory encoded) internal pure returns (Leaf[] memory) {
        return encoded.length == 0 ? new Leaf[](0) : abi.decode(encoded, (Leaf[]));
    }
}
