// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Anchors} from "../solidity/Anchors.sol";
import {Earnings} from "../solidity/Earnings.sol";
import {Escrow} from "../solidity/Escrow.sol";
import {Parameters} from "../solidity/Parameters.sol";
import {Registry} from "../solidity/Registry.sol";
import {TestToken} from "../solidity/TestToken.sol";
import {VM} from "./Vm.sol";

/// @notice All contracts, deployed by whoever inherits this.
abstract contract Network {
    TestToken public token;
    Registry public registry;
    Escrow public escrow;
    Anchors public anchors;
    Earnings public earnings;

    function deploy(Parameters memory p) internal {
        token = new TestToken();
        uint256 nonce = VM.getNonce(address(this));
        address anchorsAt = VM.computeCreateAddress(address(this), nonce + 2);
        address earningsAt = VM.computeCreateAddress(address(this), nonce + 3);
        registry = new Registry(token, anchorsAt, earningsAt, p);
        escrow = new Escrow(registry, anchorsAt, earningsAt);
        anchors = new Anchors(registry, escrow);
        earnings = new Earnings(registry, escrow, anchors);
    }

    /// @dev Small money and short periods: a sequence of calls sees every window open and close.
    function smallParameters(address guardian) internal pure returns (Parameters memory) {
        return Parameters({
            minimumStake: 100,
            leaseBond: 30,
            earningsBond: 20,
            unbondingSeconds: 50,
            challengeSeconds: 20,
            leaseSeconds: 30,
            cancelSeconds: 60,
            pauseSeconds: 10,
            pauseIntervalSeconds: 80,
            guardian: guardian
        });
    }
}
