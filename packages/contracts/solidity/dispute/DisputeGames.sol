// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Disputes} from "../Disputes.sol";
import {Slashing} from "../Slashing.sol";
import {Terms} from "../Terms.sol";
import {Anchor} from "../Works.sol";
import {NotSigned, NotYourTurn, OldPosition, OtherPosition} from "../Errors.sol";
import {Charge, Known} from "./Charges.sol";
import {GameRules, Outcome} from "./GameRules.sol";
import {Move, Position, Subject} from "./GameTypes.sol";

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

    /// @dev Some claims need no game to be refuted, such as one that begins from another state than it should.
    function _begin(uint256 game, Anchor calldata a, bytes calldata opening) internal override {
        Terms memory terms = escrow.termsOf(a.job);
        Game storage g = _running(game);
        Known memory known = Known(terms.provable, terms.replicas);
        (bool isWrong, Subject memory s) = rules.subjectOf(a, g.position, g.outer, abi.decode(opening, (Charge)), known);
        if (isWrong) return _conclude(game, false);
        Position memory p = rules.openPosition(s);
        _keep(game, s, p);
        emit Began(game, s, p);
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
