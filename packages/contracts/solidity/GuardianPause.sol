// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {NetworkPaused, NotGuardian, PauseTooSoon} from "./Errors.sol";

/// @notice The only privilege: a guardian may stop new submissions, leases and assertions for a bounded time, rarely.
/// Withdrawals, refunds, unstaking and anchors never ask whether there is a pause.
abstract contract GuardianPause {
    uint48 public pausedUntil;
    uint48 public pausableFrom;
    address private immutable _guardian;
    uint48 private immutable _pauseSeconds;
    uint48 private immutable _pauseIntervalSeconds;

    event PauseStarted(uint48 until);
    event PauseEnded();

    modifier onlyGuardian() {
        if (msg.sender != _guardian) revert NotGuardian(msg.sender);
        _;
    }

    constructor(address guardian, uint48 pauseSeconds, uint48 pauseIntervalSeconds) {
        _guardian = guardian;
        _pauseSeconds = pauseSeconds;
        _pauseIntervalSeconds = pauseIntervalSeconds;
    }

    function pause() external onlyGuardian {
        if (block.timestamp < pausableFrom) revert PauseTooSoon(pausableFrom);
        pausedUntil = uint48(block.timestamp) + _pauseSeconds;
        pausableFrom = uint48(block.timestamp) + _pauseIntervalSeconds;
        emit PauseStarted(pausedUntil);
    }

    /// @notice Ends a pause early. The next one may not start any earlier for it.
    function unpause() external onlyGuardian {
        pausedUntil = uint48(block.timestamp);
        emit PauseEnded();
    }

    /// @notice Reverts during a pause.
    function requireRunning() external view {
        if (block.timestamp < pausedUntil) revert NetworkPaused(pausedUntil);
    }
}
