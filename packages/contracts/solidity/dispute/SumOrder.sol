// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a partial result of a sum adds: +0, an earlier partial result, or one of the values.
enum AddendKind {
    Zero,
    Partial,
    Value
}

struct Addend {
    AddendKind kind;
    uint256 number;
}

/// @title The one order of sums (N3), as numbered partial results. Twin of packages/engine/src/referee/sum-order.ts.
/// @dev Chunk after chunk: a partial for each value (its lane + the value), then the 31 sums of the lane tree. The results of
/// several chunks are the values of a next level.
library SumOrder {
    uint256 private constant CHUNK = 4096;
    uint256 private constant LANES = 32;
    uint256 private constant TREE = 31;
    uint256 private constant FULL = CHUNK + TREE;

    function partialCount(uint256 count) internal pure returns (uint256 partials) {
        for (; count > CHUNK; count = _chunks(count)) partials += _ofLevel(count);
        partials += _ofLevel(count);
    }

    /// @notice Returns what partial result `q` of the sum of `count` values adds.
    function addends(uint256 count, uint256 q) internal pure returns (Addend memory, Addend memory) {
        // The level below is where the values of this one come from; the first has none.
        uint256 below = 0;
        uint256 belowFirst = 0;
        uint256 first = 0;
        while (q >= first + _ofLevel(count)) {
            (below, belowFirst) = (count, first);
            first += _ofLevel(count);
            count = _chunks(count);
        }
        uint256 chunk = (q - first) / FULL;
        if (chunk >= _chunks(count)) chunk = _chunks(count) - 1;
        uint256 begin = first + FULL * chunk;
        uint256 length = _length(count, chunk);
        uint256 within = q - begin;
        if (within >= length) return _treeAddends(begin, length, within - length);
        Addend memory value = Addend(AddendKind.Value, CHUNK * chunk + within);
        if (below > 0) value = Addend(AddendKind.Partial, _result(below, belowFirst, value.number));
        return (within < LANES ? Addend(AddendKind.Zero, 0) : Addend(AddendKind.Partial, q - LANES), value);
    }

    /// @dev Sum `step` of the tree, which pairs lanes (j, j + half) for half = 16, 8, 4, 2, 1.
    function _treeAddends(uint256 begin, uint256 length, uint256 step) private pure returns (Addend memory, Addend memory) {
        uint256 half = 16;
        uint256 done = 0;
        while (step >= done + half) {
            done += half;
            half /= 2;
        }
        uint256 lane = step - done;
        if (half == 16) return (_laneEnd(begin, length, lane), _laneEnd(begin, length, lane + half));
        // The lanes as the sums before left them: those began when twice this half was paired.
        uint256 before = begin + length + done - 2 * half + lane;
        return (Addend(AddendKind.Partial, before), Addend(AddendKind.Partial, before + half));
    }

    /// @dev A lane when all values of its chunk are in it.
    function _laneEnd(uint256 begin, uint256 length, uint256 lane) private pure returns (Addend memory) {
        if (lane >= length) return Addend(AddendKind.Zero, 0);
        return Addend(AddendKind.Partial, begin + lane + LANES * ((length - 1 - lane) / LANES));
    }

    /// @dev The partial result that is a chunk's.
    function _result(uint256 count, uint256 first, uint256 chunk) private pure returns (uint256) {
        return first + FULL * chunk + _length(count, chunk) + TREE - 1;
    }

    function _length(uint256 count, uint256 chunk) private pure returns (uint256) {
        uint256 left = count - CHUNK * chunk;
        return left < CHUNK ? left : CHUNK;
    }

    function _chunks(uint256 count) private pure returns (uint256) {
        return (count + CHUNK - 1) / CHUNK;
    }

    function _ofLevel(uint256 count) private pure returns (uint256) {
        return count + TREE * _chunks(count);
    }
}
