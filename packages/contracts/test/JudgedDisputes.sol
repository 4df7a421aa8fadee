// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Disputes} from "../solidity/Disputes.sol";
import {NotJudge} from "../solidity/Errors.sol";
import {Slashing} from "../solidity/Slashing.sol";
import {Anchor} from "../solidity/Works.sol";

/// @notice Disputes that a named account judges: the money around a game without the game.
contract JudgedDisputes is Disputes {
    address public immutable judge;

    constructor(Slashing slashing_, address judge_) Disputes(slashing_) {
        judge = judge_;
    }

    /// @notice Says something, and gives the turn to the other side.
    function move(uint256 game) external {
        _giveTurn(game, _onTurn(game).turn == Turn.Defender ? Turn.Challenger : Turn.Defender);
    }

    function rule(uint256 game, bool defended) external {
        if (msg.sender != judge) revert NotJudge(msg.sender);
        _conclude(game, defended);
    }

    function _begin(uint256, Anchor calldata, bytes calldata) internal override {}
}
