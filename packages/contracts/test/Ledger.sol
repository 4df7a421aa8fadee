// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Earnings} from "../solidity/Earnings.sol";
import {Escrow} from "../solidity/Escrow.sol";
import {Counts} from "../solidity/Terms.sol";
import {Network} from "./Network.sol";
import {VM} from "./Vm.sol";

/// @notice What the handler remembers, and how it finds who and what a call is about.
abstract contract Ledger is Network {
    address[4] public actors = [address(0xa1), address(0xa2), address(0xa3), address(0xa4)];
    bytes32[] public jobs;
    uint256 public deposited;
    uint256 public refunded;
    uint256 public unstaked;
    uint256 public withdrawn;
    /// @notice What an account was paid for a job, as seen from outside.
    mapping(bytes32 job => mapping(address account => uint256)) public received;
    /// @notice Set when a withdrawal did not do what it said, once; a `require` here would only undo the call.
    bool public misbehaved;
    uint256 public documents;
    /// @dev Two leaves per job, for the first two actors, as settled and as last asserted.
    mapping(bytes32 job => Counts[2]) internal _settled;
    mapping(bytes32 job => Counts[2]) internal _asserted;

    function jobCount() external view returns (uint256) {
        return jobs.length;
    }

    function _actor(uint256 who) internal view returns (address) {
        return actors[who % actors.length];
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

    function _isPending(bytes32 job) internal view returns (bool) {
        return earnings.pendingUntil(job) != 0;
    }

    function _isSettled(bytes32 job) internal view returns (bool) {
        (Earnings.Settled memory s,) = earnings.earningsOf(job);
        return s.root != 0;
    }

    function _part(Counts memory c, uint8 share) internal pure returns (Counts memory) {
        return Counts(c.trained * share / 255, c.evaluated * share / 255, c.kept * share / 255, c.coordinated);
    }

    function _rest(Counts memory a, Counts memory b) internal pure returns (Counts memory) {
        return Counts(a.trained - b.trained, a.evaluated - b.evaluated, a.kept - b.kept, 0);
    }

    function _leaf(bytes32 job, address account, Counts memory c) internal pure returns (bytes32) {
        bytes memory fields = abi.encode(job, account, c.trained, c.evaluated, c.kept, c.coordinated);
        return keccak256(bytes.concat(keccak256(fields)));
    }
}
