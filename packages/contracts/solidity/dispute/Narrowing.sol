// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Position} from "./GameTypes.sol";

/// @title How trees and runs are narrowed, 16 parts at a time. Twin of packages/protocol/src/dispute/narrowing.ts.
library Narrowing {
    uint32 internal constant ARITY = 16;

    /// @notice Puts a whole tree in question.
    function setTree(Position memory p, uint32 leaves) internal pure {
        (p.leaves, p.first, p.span) = (leaves, 0, _spanOf(leaves));
    }

    /// @notice Narrows to a child: to the smallest subtree that holds its leaves.
    function setChild(Position memory p, uint32 child) internal pure {
        uint32 span = childSpan(p);
        p.first += child * span;
        uint32 left = p.leaves - p.first;
        p.span = _spanOf(left < span ? left : span);
    }

    function childSpan(Position memory p) internal pure returns (uint32) {
        return p.span > ARITY ? p.span / ARITY : 1;
    }

    function childCount(Position memory p) internal pure returns (uint256) {
        uint256 left = p.leaves - p.first;
        uint256 span = childSpan(p);
        return ((left < p.span ? left : p.span) + span - 1) / span;
    }

    /// @notice In how many parts runs are cut, and after how many of them a part ends.
    function partCount(uint32 runs) internal pure returns (uint32) {
        return runs < ARITY ? runs : ARITY;
    }

    function partEnd(uint32 runs, uint32 part) internal pure returns (uint32) {
        return uint32((uint256(part) + 1) * runs / partCount(runs));
    }

    function _spanOf(uint32 leaves) private pure returns (uint32 span) {
        span = 1;
        while (span < leaves) span *= ARITY;
    }
}
