// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Anchors} from "../solidity/Anchors.sol";
import {Earnings} from "../solidity/Earnings.sol";
import {Escrow} from "../solidity/Escrow.sol";
import {JudgedDisputes} from "./JudgedDisputes.sol";
import {Modules} from "../solidity/Modules.sol";
import {Parameters} from "../solidity/Parameters.sol";
import {Registry} from "../solidity/Registry.sol";
import {Slashing} from "../solidity/Slashing.sol";
import {TestToken} from "../solidity/TestToken.sol";
import {VM} from "./Vm.sol";

/// @notice All contracts, deployed by whoever inherits this.
abstract contract Network {
    TestToken public token;
    Registry public registry;
    Escrow public escrow;
    Anchors public anchors;
    Earnings public earnings;
    Slashing public slashing;
    JudgedDisputes public disputes;

    function deploy(Parameters memory p) internal {
        token = new TestToken();
        uint256 nonce = VM.getNonce(address(this));
        Modules memory m = Modules({
            escrow: VM.computeCreateAddress(address(this), nonce + 1),
            anchors: VM.computeCreateAddress(address(this), nonce + 2),
            earnings: VM.computeCreateAddress(address(this), nonce + 3),
            slashing: VM.computeCreateAddress(address(this), nonce + 4),
            disputes: VM.computeCreateAddress(address(this), nonce + 5)
        });
        registry = new Registry(token, m, p);
        escrow = new Escrow(registry);
        anchors = new Anchors(registry, escrow);
        earnings = new Earnings(registry, escrow, anchors);
        slashing = new Slashing(registry, escrow, anchors);
        disputes = new JudgedDisputes(slashing, p.guardian);
    }

    /// @dev Small money and short periods: a sequence of calls sees every window open and close.
    function smallParameters(address guardian) internal pure returns (Parameters memory) {
        return Parameters({
            minimumStake: 100,
            leaseBond: 30,
            earningsBond: 20,
            challengeBond: 10,
            challengerReward: 7,
            unbondingSeconds: 50,
            challengeSeconds: 20,
            maximumDelaySeconds: 12,
            leaseSeconds: 30,
            cancelSeconds: 60,
            pauseSeconds: 10,
            pauseIntervalSeconds: 80,
            colludingShare: 200_000,
            beaconBlocks: 1,
            guardian: guardian
        });
    }
}
