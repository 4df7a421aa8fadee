// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Anchors} from "../solidity/Anchors.sol";
import {Disputes} from "../solidity/Disputes.sol";
import {Earnings} from "../solidity/Earnings.sol";
import {Escrow} from "../solidity/Escrow.sol";
import {JudgedDisputes} from "./JudgedDisputes.sol";
import {Registry} from "../solidity/Registry.sol";
import {Slashing} from "../solidity/Slashing.sol";
import {Handler} from "./Handler.sol";

/// @notice What must hold after any sequence of calls. SPEC: protocol.md section 7.
contract MoneyTest {
    Handler private _handler;

    function setUp() public {
        _handler = new Handler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev One invariant with all rules: forge would run the whole sequence again for each.
    function invariant_everyUnitOfMoneyHasAnOwner() public view {
        uint256 inEscrow = _handler.token().balanceOf(address(_handler.escrow()));
        uint256 inRegistry = _handler.token().balanceOf(address(_handler.registry()));
        uint256 inSlashing = _handler.token().balanceOf(address(_handler.slashing()));
        uint256 out = _handler.withdrawn() + _handler.refunded() + _handler.unstaked() + _handler.awarded()
            + _handler.token().balanceOf(_handler.slashing().BURNED());
        require(!_handler.misbehaved(), "a call does what it says, once");
        require(inEscrow + inRegistry + inSlashing + out == _handler.deposited(), "held + out = deposited");
        require(inSlashing == _pots(), "slashing holds what victims may still ask for");
        (uint256 owedByEscrow, uint256[4] memory bonds) = _checkJobs();
        require(inEscrow == owedByEscrow, "the escrow holds what its jobs have left");
        require(inRegistry == _checkNodes(bonds), "the registry holds stakes and what unbonds");
    }

    function _pots() private view returns (uint256 held) {
        for (uint256 i = 0; i < _handler.caseCount(); i++) {
            Slashing.Case memory c = _handler.slashing().caseOf(_handler.cases(i));
            require(!c.divided || c.pot <= c.weight, "no more is divided than what the work costs");
            held += c.pot;
        }
    }

    function _checkJobs() private view returns (uint256 held, uint256[4] memory bonds) {
        for (uint256 i = 0; i < _handler.jobCount(); i++) {
            bytes32 job = _handler.jobs(i);
            Escrow.Job memory j = _handler.escrow().jobOf(job);
            require(j.paid <= j.owed && j.owed <= j.terms.budget, "paid <= owed <= budget");
            held += (j.status == Escrow.Status.Closed ? j.owed : j.terms.budget) - j.paid;
            _addBonds(job, bonds);
            _checkWithdrawals(job, j.paid);
        }
    }

    function _addBonds(bytes32 job, uint256[4] memory bonds) private view {
        Anchors.JobAnchors memory a = _handler.anchors().anchorsOf(job);
        (, Earnings.Pending memory p) = _handler.earnings().earningsOf(job);
        for (uint256 i = 0; i < 4; i++) {
            if (a.holder == _handler.actors(i)) bonds[i] += 30;
            if (p.settlesAt != 0 && p.asserter == _handler.actors(i)) bonds[i] += 20;
        }
    }

    function _checkWithdrawals(bytes32 job, uint256 paid) private view {
        uint256 sum;
        for (uint256 i = 0; i < 4; i++) {
            address account = _handler.actors(i);
            uint256 recorded = _handler.earnings().withdrawn(job, account);
            require(recorded == _handler.received(job, account), "recorded = received");
            sum += recorded;
        }
        require(sum == paid, "accounts received what was paid");
    }

    function _addChallenges(uint256[4] memory bonds) private view {
        JudgedDisputes disputes = _handler.disputes();
        for (uint256 game = 0; game < disputes.gameCount(); game++) {
            Disputes.Game memory g = disputes.gameOf(game);
            if (g.turn != Disputes.Turn.Defender && g.turn != Disputes.Turn.Challenger) continue;
            for (uint256 i = 0; i < 4; i++) if (g.challenger == _handler.actors(i)) bonds[i] += g.bond;
        }
    }

    function _checkNodes(uint256[4] memory bonds) private view returns (uint256 held) {
        _addChallenges(bonds);
        for (uint256 i = 0; i < 4; i++) {
            bonds[i] += _handler.unitBonds(_handler.actors(i));
            Registry.Node memory node = _handler.registry().nodeOf(_handler.actors(i));
            require(node.locked <= node.stake, "bonds lie inside the stake");
            require(node.locked == bonds[i], "every bond backs a lease, an assertion, a work or a challenge");
            held += uint256(node.stake) + node.unbonding;
        }
    }
}
