// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Anchors} from "../solidity/Anchors.sol";
import {Disputes} from "../solidity/Disputes.sol";
import {Escrow} from "../solidity/Escrow.sol";
import {Rounds} from "../solidity/Rounds.sol";
import {isEvaluated, Terms} from "../solidity/Terms.sol";
import {Anchor, UnitLease} from "../solidity/Works.sol";
import {Signer} from "./Signer.sol";
import {VM} from "./Vm.sol";

/// @notice Random links, challenges, moves and verdicts, and what follows from them.
abstract contract DisputeHandler is Signer {
    function wait_(uint8 time) external {
        VM.warp(block.timestamp + (time < 240 ? time / 6 : 100));
    }

    /// @dev Seeds of rounds of which something was included: mostly, they are anchored so.
    mapping(bytes32 job => mapping(bytes32 head => uint256 seed)) private _included;

    function include(uint256 which, uint256 seed, uint8 rarely) external {
        VM.assume(rarely < 80);
        bytes32 job = _jobThat(which, _isLeased);
        uint32 replicas = escrow.termsOf(job).replicas;
        Anchor memory a = _signed(job, 0, replicas, seed);
        uint256 i = (seed >> 30) % replicas;
        (UnitLease memory lease, bytes[] memory kept) = _leased(a, i);
        VM.prank(a.works[i].worker);
        anchors.include(lease, a.works[i].claim, a.works[i].signature, kept, 0);
        _included[job][a.previousHead] = seed;
    }

    function anchor(uint256 which, bytes32 globalRoot, uint256 seed) public {
        bytes32 job = _jobThat(which, _isLeased);
        Anchors.JobAnchors memory j = anchors.anchorsOf(job);
        if (seed % 8 > 0 && _included[job][j.head] != 0) seed = _included[job][j.head];
        Terms memory t = escrow.termsOf(job);
        uint256 count = t.replicas + (isEvaluated(t, j.rounds) ? 1 : 0);
        Anchor memory a = _signed(job, globalRoot, count, seed);
        VM.prank(j.holder);
        anchors.anchor(j.epoch, a, _shown(count, seed));
        _remember(a);
    }

    /// @dev The same function under two names is chosen twice as often.
    function anchorAgain(uint256 which, bytes32 globalRoot, uint256 seed) external {
        anchor(which, globalRoot, seed);
    }

    function end(uint256 which, uint256 seed, uint8 rarely) external {
        VM.assume(rarely < 40);
        bytes32 job = _jobThat(which, _isLeased);
        Anchors.JobAnchors memory j = anchors.anchorsOf(job);
        Terms memory t = escrow.termsOf(job);
        (Escrow.Status status,) = escrow.statusOf(job);
        uint256 some = status == Escrow.Status.Cancelled ? 1 + seed % t.replicas : t.replicas;
        uint256 count = j.rounds == t.rounds ? 0 : some;
        Anchor memory a = _signed(job, 0, count, seed);
        VM.prank(j.holder);
        anchors.end(j.epoch, a, _shown(count, seed));
        _remember(a);
    }

    function finalise(uint256 which) public {
        bytes32 job = _jobThat(which, _isUnsettled);
        Anchor memory a = _link(job, anchors.anchorsOf(job).finalRounds);
        anchors.finalise(a);
        for (uint256 i = 0; i < a.works.length; i++) unitBonds[a.works[i].worker] -= escrow.unitBondOf(job);
        for (uint256 i = 0; i < a.audits.length; i++) {
            bool spent = anchors.bondOf(keccak256(abi.encode(a)), uint32(a.works.length + i)) == Rounds.Bond.Slashed;
            if (!spent) unitBonds[a.audits[i].verifier] -= _attestationBond(job);
        }
    }

    function finaliseAgain(uint256 which) external {
        finalise(which);
    }

    function release(uint256 which, uint8 position) external {
        Anchor memory a = _decoded(_someHead(which, _isVoid));
        uint256 places = a.works.length + a.audits.length;
        VM.assume(places > 0);
        uint32 one = uint32(position % places);
        anchors.release(a, one);
        if (one < a.works.length) unitBonds[a.works[one].worker] -= escrow.unitBondOf(a.job);
        else unitBonds[a.audits[one - a.works.length].verifier] -= _attestationBond(a.job);
    }

    function open(uint256 who, uint256 which, uint8 position, bool outer) external {
        Anchor memory a = _decoded(_someHead(which, _isContestable));
        VM.prank(_actor(who));
        disputes.open(a, uint32(position % (a.works.length + a.audits.length + 1)), outer, "");
    }

    function move(uint256 which) external {
        uint256 game = _game(which);
        Disputes.Game memory g = disputes.gameOf(game);
        VM.prank(g.turn == Disputes.Turn.Defender ? g.defender : g.challenger);
        disputes.move(game);
    }

    function rule(uint256 which, bool defended) external {
        uint256 game = _game(which);
        (Rounds.Bond bond, uint256 held) = (_bondOf(game), _held());
        VM.prank(actors[0]);
        disputes.rule(game, defended);
        _account(game, bond, held);
    }

    function timeout(uint256 which) external {
        uint256 game = _game(which);
        (Rounds.Bond bond, uint256 held) = (_bondOf(game), _held());
        disputes.timeout(game);
        _account(game, bond, held);
    }

    function dissolve(uint256 which) external {
        disputes.dissolve(_game(which));
    }

    function report(uint256 which, uint8 position) external {
        Anchor memory a = _decoded(_someHead(which, _isVoid));
        slashing.report(a, uint32(position % (a.works.length + 1)));
    }

    function compensate(uint256 who, uint256 which) external {
        VM.assume(cases.length > 0);
        uint256 held = _held();
        slashing.compensate(cases[cases.length - 1 - which % (cases.length < 3 ? cases.length : 3)], _actor(who));
        awarded += _held() - held;
    }

    function _remember(Anchor memory a) private {
        bytes32 head = anchors.anchorsOf(a.job).head;
        if (head != keccak256(abi.encode(a))) misbehaved = true;
        _anchored[head] = abi.encode(a);
        _heads.push(head);
        for (uint256 i = 0; i < a.works.length; i++) unitBonds[a.works[i].worker] += escrow.unitBondOf(a.job);
        for (uint256 i = 0; i < a.audits.length; i++) unitBonds[a.audits[i].verifier] += _attestationBond(a.job);
    }

    function _attestationBond(bytes32 job) private view returns (uint128) {
        return escrow.unitBondOf(job) == 0 ? 0 : registry.parameters().challengeBond;
    }

    function _account(uint256 game, Rounds.Bond bond, uint256 held) private {
        awarded += _held() - held;
        Disputes.Game memory g = disputes.gameOf(game);
        bool slashed = bond == Rounds.Bond.Locked && _bondOf(game) == Rounds.Bond.Slashed;
        if (slashed) unitBonds[g.defender] -= g.attestation ? _attestationBond(g.job) : escrow.unitBondOf(g.job);
        bool isNew = slashing.caseOf(g.head).job != 0;
        for (uint256 i = 0; i < cases.length; i++) isNew = isNew && cases[i] != g.head;
        if (isNew) cases.push(g.head);
    }
}
