// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Anchors} from "./Anchors.sol";
import {
    AlreadyChallenged,
    BadParameters,
    ChallengeWindowOver,
    ClaimLost,
    ClaimStands,
    ClockOver,
    ClockRunning,
    GameOver,
    GameUnknown,
    NoClaim,
    NotDisputable,
    NotYourTurn
} from "./Errors.sol";
import {Escrow} from "./Escrow.sol";
import {Modules} from "./Modules.sol";
import {MOST_DOUBLINGS, Parameters} from "./Parameters.sol";
import {Registry} from "./Registry.sol";
import {Slashing} from "./Slashing.sol";
import {Anchor, answersAt, headOf, placesOf, Wrong} from "./Works.sol";

/// @dev A module that names the others.
interface Linked {
    function registry() external view returns (address);
    function escrow() external view returns (address);
    function anchors() external view returns (address);
}

/// @notice Who challenges which claim, with what bond, and whose clock runs. What is said in between is the game's, which
/// inherits this: it begins in `_begin`, asks `_onTurn` who moves, changes sides by `_passTurn`, ends with `_conclude`.
/// @dev A claim is a work's unit, the outer step that its worker signed, or an attestation. A lost challenge defeats that challenger only.
/// Each side of each game has a clock of its own. Games about one claim all begin in its window and go on beside each other, so
/// that many of them end no later than one, and no challenger takes of the time that a defender has for another.
abstract contract Disputes {
    enum Turn {
        None,
        Defender,
        Challenger,
        Defended,
        Refuted,
        Dissolved
    }

    struct Game {
        bytes32 job;
        bytes32 head;
        bytes32 previousRoot;
        bytes32 previousClaims;
        /// Hash of the signature under the claim.
        bytes32 signature;
        uint32 round;
        uint32 position;
        bool outer;
        bool attestation;
        Turn turn;
        address challenger;
        address defender;
        uint128 bond;
        /// Of each side's time, before `since`.
        uint40 defenderSpent;
        uint40 challengerSpent;
        /// When the turn began.
        uint48 since;
    }

    struct Claim {
        /// Games so far: each doubles the next one's bond.
        uint32 games;
        bool lost;
    }

    Registry public immutable registry;
    Escrow public immutable escrow;
    Anchors public immutable anchors;
    Slashing public immutable slashing;
    uint128 private immutable _challengeBond;
    uint48 private immutable _maximumDelaySeconds;

    Game[] private _games;
    mapping(bytes32 claim => Claim) private _claims;
    mapping(bytes32 claim => mapping(address challenger => bool)) public challenged;
    /// @notice Open games about a link.
    mapping(bytes32 head => uint32) public openOn;
    /// @notice Open games about what is at one of its places.
    mapping(bytes32 head => mapping(uint32 position => uint32)) public openAt;

    event GameOpened(
        bytes32 indexed job,
        bytes32 indexed head,
        uint256 indexed game,
        uint32 round,
        uint32 position,
        bool outer,
        bool attestation,
        address challenger,
        address defender,
        uint128 bond
    );
    event GameEnded(uint256 indexed game, Turn outcome);

    /// @dev The last to be deployed, so it can see whether all predicted addresses came true.
    constructor(Slashing slashing_) {
        (registry, escrow, anchors) = (slashing_.registry(), slashing_.escrow(), slashing_.anchors());
        slashing = slashing_;
        Parameters memory p = registry.parameters();
        (_challengeBond, _maximumDelaySeconds) = (p.challengeBond, p.maximumDelaySeconds);
        Modules memory m = registry.modules();
        bool fits = m.escrow == address(escrow) && m.anchors == address(anchors) && m.slashing == address(slashing_)
            && m.disputes == address(this);
        bool linked = address(escrow.registry()) == address(registry) && address(anchors.registry()) == address(registry)
            && address(anchors.escrow()) == address(escrow);
        if (!fits || !linked || !_isLinked(Linked(m.earnings))) revert BadParameters();
    }

    /// @notice Challenges a claim in its window, with a bond. One game per challenger and claim.
    /// @param position In the link: its works come first, then its attestations. @param opening What the game wants to know of a challenge.
    function open(Anchor calldata a, uint32 position, bool outer, bytes calldata opening)
        external
        returns (uint256 game)
    {
        bytes32 head = headOf(a);
        uint48 until = anchors.challengeableUntil(a.job, a.round, head);
        if (escrow.unitBondOf(a.job) == 0) revert NotDisputable(a.job);
        if (block.timestamp >= until) revert ChallengeWindowOver(until);
        if (position >= placesOf(a) || (outer && !_hasOuter(a, position))) revert NoClaim();
        bytes32 key = _keyOf(head, position, outer);
        Claim storage c = _claims[key];
        if (c.lost) revert ClaimLost();
        if (challenged[key][msg.sender]) revert AlreadyChallenged();
        challenged[key][msg.sender] = true;
        game = _games.length;
        _games.push(_newGame(a, head, position, outer, c.games));
        c.games++;
        openOn[head]++;
        openAt[head][position]++;
        Game storage g = _games[game];
        emit GameOpened(
            a.job, head, game, a.round, position, outer, g.attestation, msg.sender, g.defender, g.bond
        );
        registry.lock(msg.sender, g.bond);
        _begin(game, a, opening);
    }

    /// @notice Ends a game whose player let the clock run out. For anyone.
    function timeout(uint256 game) external {
        Game storage g = _running(game);
        uint256 endsAt = _clockOf(g);
        if (block.timestamp <= endsAt) revert ClockRunning(uint48(endsAt));
        _conclude(game, g.turn == Turn.Challenger);
    }

    /// @notice Ends a game about a claim that another challenger has refuted, and frees the bond. For anyone.
    function dissolve(uint256 game) external {
        Game storage g = _running(game);
        if (!_claims[_keyOf(g.head, g.position, g.outer)].lost) revert ClaimStands();
        _close(game, g, Turn.Dissolved);
        registry.unlock(g.challenger, g.bond);
    }

    function gameOf(uint256 game) external view returns (Game memory) {
        if (game >= _games.length) revert GameUnknown();
        return _games[game];
    }

    function gameCount() external view returns (uint256) {
        return _games.length;
    }

    function claimOf(bytes32 head, uint32 position, bool outer) external view returns (Claim memory) {
        return _claims[_keyOf(head, position, outer)];
    }

    /// @notice Returns until when the side whose turn it is may move.
    function clockOf(uint256 game) external view returns (uint256) {
        return _clockOf(_running(game));
    }

    /// @dev Called when a game is open; it is the defender's turn.
    function _begin(uint256 game, Anchor calldata a, bytes calldata opening) internal virtual;

    /// @dev Returns a game in which the caller is to move.
    function _onTurn(uint256 game) internal view returns (Game storage g) {
        g = _running(game);
        if (msg.sender != (g.turn == Turn.Defender ? g.defender : g.challenger)) revert NotYourTurn(msg.sender);
    }

    /// @dev Says whose turn it is after a move. A move after the clock of the side that had it ran out is refused.
    function _giveTurn(uint256 game, Turn next) internal {
        Game storage g = _running(game);
        if (block.timestamp > _clockOf(g)) revert ClockOver();
        if (g.turn == next) return;
        uint40 spent = uint40(block.timestamp - g.since);
        if (g.turn == Turn.Defender) g.defenderSpent += spent;
        else g.challengerSpent += spent;
        (g.turn, g.since) = (next, uint48(block.timestamp));
    }

    /// @dev Ends a game and moves the bonds.
    function _conclude(uint256 game, bool defended) internal {
        Game storage g = _running(game);
        _close(game, g, defended ? Turn.Defended : Turn.Refuted);
        if (defended) return slashing.challengeLost(g.job, g.challenger, g.defender, g.bond);
        _claims[_keyOf(g.head, g.position, g.outer)].lost = true;
        registry.unlock(g.challenger, g.bond);
        slashing.defenceLost(
            Wrong(
                g.job,
                g.head,
                g.previousRoot,
                g.previousClaims,
                g.signature,
                g.round,
                g.position,
                g.attestation,
                g.defender
            ),
            g.challenger
        );
    }

    function _running(uint256 game) internal view returns (Game storage g) {
        if (game >= _games.length) revert GameUnknown();
        g = _games[game];
        if (g.turn != Turn.Defender && g.turn != Turn.Challenger) revert GameOver();
    }

    function _close(uint256 game, Game storage g, Turn outcome) private {
        g.turn = outcome;
        openOn[g.head]--;
        openAt[g.head][g.position]--;
        emit GameEnded(game, outcome);
    }

    function _newGame(Anchor calldata a, bytes32 head, uint32 position, bool outer, uint32 before)
        private
        view
        returns (Game memory g)
    {
        (g.job, g.head, g.round) = (a.job, head, a.round);
        (g.previousRoot, g.previousClaims) = (a.previousRoot, a.previousClaims);
        g.attestation = position >= a.works.length;
        g.signature = keccak256(_signatureAt(a, position, outer));
        (g.position, g.outer, g.turn, g.since) = (position, outer, Turn.Defender, uint48(block.timestamp));
        (g.challenger, g.defender) = (msg.sender, answersAt(a, position));
        g.bond = _challengeBond << (before < MOST_DOUBLINGS ? before : MOST_DOUBLINGS);
    }

    function _hasOuter(Anchor calldata a, uint32 position) private pure returns (bool) {
        return position < a.works.length && a.works[position].outer.length > 0;
    }

    function _signatureAt(Anchor calldata a, uint32 position, bool outer) private pure returns (bytes calldata) {
        uint256 works = a.works.length;
        if (position >= works) return a.audits[position - works].signature;
        return outer ? a.works[position].outer : a.works[position].signature;
    }

    /// @dev The last second at which the side whose turn it is may move.
    function _clockOf(Game storage g) private view returns (uint256) {
        return uint256(g.since) + _maximumDelaySeconds - (g.turn == Turn.Defender ? g.defenderSpent : g.challengerSpent);
    }

    function _isLinked(Linked module) private view returns (bool) {
        bool here = module.registry() == address(registry) && module.escrow() == address(escrow);
        return here && module.anchors() == address(anchors);
    }

    function _keyOf(bytes32 head, uint32 position, bool outer) private pure returns (bytes32) {
        return keccak256(abi.encode(head, position, outer));
    }
}
