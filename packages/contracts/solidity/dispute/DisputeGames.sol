// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Disputes} from "../Disputes.sol";
import {Slashing} from "../Slashing.sol";
import {Anchor} from "../Works.sol";
import {NotSigned, NotYourTurn, OldPosition, OtherClaim, OtherPosition} from "../Errors.sol";
import {GameRules, Outcome} from "./GameRules.sol";
import {Move, Opening, Position, Subject} from "./GameTypes.sol";
import {ProvableJob, UnitClaim} from "./Subjects.sol";

/// @notice What a challenger says is wrong with a claim, and what it takes to see what that is. ABI-encoded, it opens a
/// game; `Disputes.open` says of which work, and whether of its unit or of its outer step.
struct Charge {
    /// Of a training unit: the steps up to this checkpoint, or what it leaves behind.
    uint32 part;
    ProvableJob job;
    /// The work's; for an outer step those of all replicas, in their order.
    UnitClaim[] claims;
    /// Those of all replicas in the round before; for a unit that did not begin where its replica was left. Else empty.
    UnitClaim[] claimsBefore;
    /// The program's first leaf.
    Opening contents;
}

/// @notice The dispute game on the chain: claims become subjects, moves change positions, the rules and their referee
/// decide. Of a game the contract keeps the hash of its position; moves bring it along.
/// @dev What was played elsewhere goes on here from any position that the other side signed.
contract DisputeGames is Disputes, EIP712 {
    struct Kept {
        uint32 turn;
        /// Of keccak256(abi.encode(subject, position)).
        bytes28 state;
    }

    bytes32 private constant _POSITION = keccak256("Position(uint256 game,bytes32 state)");

    GameRules public immutable rules;

    mapping(uint256 game => Kept) public positionOf;

    event Began(uint256 indexed game, Subject subject, Position position);
    /// @dev A move that ends the game has another event.
    event Moved(uint256 indexed game, address indexed by, Move move, Position position);

    constructor(Slashing slashing_, GameRules rules_) Disputes(slashing_) EIP712("Cairn", "1") {
        rules = rules_;
    }

    /// @notice Makes a move.
    function move(uint256 game, Subject calldata s, Position calldata p, Move calldata m) external {
        if (positionOf[game].state != bytes28(keccak256(abi.encode(s, p)))) revert OtherPosition();
        _move(game, s, p, m);
    }

    /// @notice Goes on from a later position than the chain knows, which the other side has signed, and makes a move.
    function resume(uint256 game, Subject calldata s, Position calldata p, bytes calldata signature, Move calldata m)
        external
    {
        if (p.turn <= positionOf[game].turn) revert OldPosition(positionOf[game].turn);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(_POSITION, game, keccak256(abi.encode(s, p)))));
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        Game storage g = _running(game);
        address other = p.isDefenders ? g.challenger : g.defender;
        if (failure != ECDSA.RecoverError.NoError || signer != other) revert NotSigned();
        _move(game, s, p, m);
    }

    /// @dev A claim that begins from another state than it should is refuted at once.
    function _begin(uint256 game, Anchor calldata a, bytes calldata opening) internal override {
        Charge memory charge = abi.decode(opening, (Charge));
        if (keccak256(abi.encode(charge.job)) != escrow.termsOf(a.job).provable) revert OtherClaim();
        Game storage g = _running(game);
        (bool isWrong, Subject memory s) = g.outer ? _outerStep(a, charge) : _unit(a, g.position, charge);
        if (isWrong) return _conclude(game, false);
        s.job = a.job;
        Position memory p = rules.openPosition(s);
        _keep(game, s, p);
        emit Began(game, s, p);
    }

    function _outerStep(Anchor calldata a, Charge memory charge) private view returns (bool, Subject memory) {
        if (charge.claims.length != escrow.termsOf(a.job).replicas) revert OtherClaim();
        for (uint256 i = 0; i < charge.claims.length; i++) _requireClaim(a, i, charge.claims[i]);
        bytes32 start = a.round == 0 ? charge.job.initialRoot : a.previousRoot;
        return (
            false, rules.ofOuterStep(charge.job, charge.claims, charge.contents, a.round, start, a.globalRoot)
        );
    }

    function _unit(Anchor calldata a, uint32 position, Charge memory charge)
        private
        view
        returns (bool isWrong, Subject memory s)
    {
        _requireClaim(a, position, charge.claims[0]);
        uint32 index = a.works[position].index;
        bytes32 start = a.globalRoot;
        if (index == escrow.termsOf(a.job).replicas) {
            s = rules.ofEvaluation(charge.job, charge.claims[0], charge.contents, a.round);
        } else {
            start = a.round == 0 ? charge.job.initialRoot : a.previousRoot;
            s = rules.ofTraining(charge.job, charge.claims[0], charge.contents, a.round, charge.part);
            s.replica = index;
            isWrong = !_beginsRight(a, index, charge);
        }
        isWrong = isWrong || s.globalRoot != start;
    }

    /// @dev Whether a unit began from the state in which the round before left its replica, as far as the charge shows.
    function _beginsRight(Anchor calldata a, uint32 index, Charge memory charge) private pure returns (bool) {
        bytes32 start = charge.job.freshReplicaRoot;
        if (charge.job.isReplicaKept && a.round > 0) {
            if (charge.claimsBefore.length == 0) return true;
            bytes32[] memory hashes = new bytes32[](charge.claimsBefore.length);
            for (uint256 i = 0; i < hashes.length; i++) hashes[i] = keccak256(abi.encode(charge.claimsBefore[i]));
            if (keccak256(abi.encodePacked(hashes)) != a.previousClaims) revert OtherClaim();
            start = charge.claimsBefore[index].newReplicaRoot;
        }
        return charge.claims[0].replicaRoot == start;
    }

    function _requireClaim(Anchor calldata a, uint256 work, UnitClaim memory claim) private pure {
        if (keccak256(abi.encode(claim)) != a.works[work].claim) revert OtherClaim();
    }

    function _move(uint256 game, Subject calldata s, Position calldata p, Move calldata m) private {
        Game storage g = _running(game);
        if (msg.sender != (p.isDefenders ? g.defender : g.challenger)) revert NotYourTurn(msg.sender);
        (Outcome outcome, Position memory next) = rules.play(s, p, m);
        _giveTurn(game, next.isDefenders ? Turn.Defender : Turn.Challenger);
        if (outcome != Outcome.Goes) return _conclude(game, outcome == Outcome.DefenderWins);
        _keep(game, s, next);
        emit Moved(game, msg.sender, m, next);
    }

    function _keep(uint256 game, Subject memory s, Position memory p) private {
        positionOf[game] = Kept(p.turn, bytes28(keccak256(abi.encode(s, p))));
    }
}
