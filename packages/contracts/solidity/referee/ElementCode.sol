// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BadCode, Instructions} from "./Instructions.sol";
import {wordOf} from "./Leaf.sol";
import {SoftFloat} from "./SoftFloat.sol";

/// The element depends on a value that nobody opened.
error OpeningMissing();

/// @notice An input of a map operator.
struct Operand {
    /// How many elements it has.
    uint256 count;
    /// Bytes of each: 1, 2 or 4.
    uint256 size;
}

/// @notice A leaf of an operand's tensor, which the caller has already checked against the tensor's root.
struct Opening {
    uint256 operand;
    uint256 leaf;
    bytes content;
}

/// @notice What one element is computed from, beside the code.
struct Element {
    /// Along every axis of the output.
    uint256[] coordinates;
    Operand[] operands;
    Opening[] openings;
}

/// @title The interpreter of element code: one element of one map operator.
/// SPEC: docs/decisions/0005-proof.md "Program leaves"; `engine/src/scalar/evaluate.ts`.
/// @dev A load that no opening answers is *absent*, and so is whatever depends on it; a `select` that leaves it out does
/// not. Where a load reads is always known, or it could leave the range unseen.
library ElementCode {
    uint256 private constant ABSENT = 1 << 255;
    uint256 private constant LEAF_BYTES = 4096;

    uint256 private constant COORDINATE = 2;
    uint256 private constant GATHER_F32 = 5;
    uint256 private constant GATHER_I32 = 34;

    /// @dev A hex digit for each opcode, from the right: its operands, and 4 where a byte follows them. Those of the
    /// sources (0 to 5, 34) are read apart.
    uint256 private constant SHAPES = 0x0_1111_555_222222222_33_2222_5_22222_000000;

    /// Bytes of an instruction: its opcode, a number of 16 bits, one of 32.
    uint256 private constant OPCODE = 1;
    uint256 private constant SHORT = 2;
    uint256 private constant LONG = 4;

    struct Machine {
        /// Where the next instruction stands in the calldata.
        uint256 cursor;
        bool outOfRange;
        /// What the instructions so far gave.
        uint256 count;
        uint256[] values;
    }

    /// @notice Computes the element, canonical, and whether it raises `diverged`.
    function evaluate(bytes calldata code, Element memory e) internal pure returns (uint256 value, bool diverged) {
        bool outOfRange;
        (value, outOfRange) = evaluateWord(code, e);
        (value, diverged) = SoftFloat.canon(value);
        diverged = diverged || outOfRange;
    }

    /// @notice Computes the element's bits as the code leaves them: those of an integer have no canon.
    function evaluateWord(bytes calldata code, Element memory e) internal pure returns (uint256 value, bool outOfRange) {
        unchecked {
            uint256 start;
            assembly ("memory-safe") {
                start := code.offset
            }
            uint256 head = _bytesAt(start);
            Machine memory m = Machine(start + 2 * SHORT, false, 0, new uint256[](head >> 240));
            for (uint256 i = 0; i < m.values.length; i++) {
                uint256 instruction = _bytesAt(m.cursor);
                uint256 opcode = instruction >> 248;
                bool isSource = opcode <= GATHER_F32 || opcode == GATHER_I32;
                m.values[i] = isSource ? _source(m, e, opcode, instruction) : _compute(m, opcode, instruction);
                m.count = i + 1;
            }
            // Who reads beyond the end gets here too: no instruction goes back.
            if (m.cursor != start + code.length) revert BadCode();
            value = _valueAt(m, (head >> 224) & 0xffff);
            if (value == ABSENT) revert OpeningMissing();
            outOfRange = m.outOfRange;
        }
    }

    /// @dev Constants, coordinates and loads.
    function _source(Machine memory m, Element memory e, uint256 opcode, uint256 instruction)
        private
        pure
        returns (uint256)
    {
        unchecked {
            if (opcode < COORDINATE) {
                m.cursor += OPCODE + LONG;
                return (instruction >> 216) & 0xffffffff;
            }
            uint256 first = (instruction >> 232) & 0xffff;
            if (opcode == COORDINATE) {
                m.cursor += OPCODE + 1;
                uint256 axis = first >> 8;
                if (axis >= e.coordinates.length) revert BadCode();
                return e.coordinates[axis];
            }
            if (opcode < GATHER_F32) return _load(m, e, first, _place(m, e));
            m.cursor += OPCODE + 2 * SHORT;
            uint256 index = _valueAt(m, first);
            if (index == ABSENT) revert OpeningMissing();
            return _load(m, e, (instruction >> 216) & 0xffff, int32(uint32(index)));
        }
    }

    /// @dev What has operands. A byte that `flush` and the shifts carry comes after the only one.
    function _compute(Machine memory m, uint256 opcode, uint256 instruction) private pure returns (uint256) {
        unchecked {
            uint256 shape = (SHAPES >> (4 * opcode)) & 15;
            if (shape == 0) revert BadCode();
            uint256 a = _valueAt(m, (instruction >> 232) & 0xffff);
            if (shape == 2) {
                m.cursor += OPCODE + 2 * SHORT;
                uint256 b = _valueAt(m, (instruction >> 216) & 0xffff);
                return a == ABSENT || b == ABSENT ? ABSENT : Instructions.compute(opcode, a, b);
            }
            if (shape == 3) {
                m.cursor += OPCODE + 3 * SHORT;
                uint256 b = _valueAt(m, (instruction >> 216) & 0xffff);
                uint256 c = _valueAt(m, (instruction >> 200) & 0xffff);
                return a == ABSENT ? ABSENT : a != 0 ? b : c;
            }
            m.cursor += OPCODE + SHORT + (shape >> 2);
            return a == ABSENT ? ABSENT : Instructions.compute(opcode, a, (instruction >> 224) & 255);
        }
    }

    /// @dev The index that a load reads: its offset, and a stride for each coordinate.
    function _place(Machine memory m, Element memory e) private pure returns (int256 place) {
        unchecked {
            uint256 cursor = m.cursor + OPCODE + SHORT;
            place = _longAt(cursor);
            for (uint256 axis = 0; axis < e.coordinates.length; axis++) {
                cursor += LONG;
                place += _longAt(cursor) * int256(e.coordinates[axis]);
            }
            m.cursor = cursor + LONG;
        }
    }

    /// @dev Out of range reads 0 and flags the element.
    function _load(Machine memory m, Element memory e, uint256 operand, int256 place) private pure returns (uint256) {
        unchecked {
            if (operand >= e.operands.length) revert BadCode();
            Operand memory from = e.operands[operand];
            // A negative place is a huge one.
            if (uint256(place) >= from.count) {
                m.outOfRange = true;
                return 0;
            }
            uint256 offset = uint256(place) * from.size;
            for (uint256 i = 0; i < e.openings.length; i++) {
                Opening memory o = e.openings[i];
                if (o.operand == operand && o.leaf == offset / LEAF_BYTES) {
                    return wordOf(o.content, offset % LEAF_BYTES, from.size);
                }
            }
            return ABSENT;
        }
    }

    /// @dev What an earlier instruction gave.
    function _valueAt(Machine memory m, uint256 index) private pure returns (uint256 value) {
        if (index >= m.count) revert BadCode();
        uint256[] memory values = m.values;
        // Nobody checks the index again.
        assembly ("memory-safe") {
            value := mload(add(add(values, 32), shl(5, index)))
        }
    }

    /// @dev 32 bytes of the code: more than any instruction has before its strides.
    function _bytesAt(uint256 cursor) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(cursor)
        }
    }

    function _longAt(uint256 cursor) private pure returns (int256) {
        return int32(uint32(_bytesAt(cursor) >> 224));
    }
}
