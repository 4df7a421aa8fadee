// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SoftFloat} from "./SoftFloat.sol";

/// Code that no element program has.
error BadCode();

/// @title The instructions of element programs that compute: everything but constants, coordinates and loads.
/// SPEC: the table of `engine/src/scalar/program.ts`, whose order is the opcode; `engine/src/scalar/evaluate.ts`.
/// @dev Values are 32 bits: of an f32, of an i32 in two's complement, or 0 and 1.
library Instructions {
    uint256 private constant WORD = (1 << 32) - 1;

    uint256 private constant ADD_F32 = 6;
    uint256 private constant SUB_F32 = 7;
    uint256 private constant MUL_F32 = 8;
    uint256 private constant MIN_F32 = 9;
    uint256 private constant MAX_F32 = 10;
    uint256 private constant FLUSH = 11;
    uint256 private constant LESS_F32 = 12;
    uint256 private constant LESS_I32 = 13;
    uint256 private constant LESS_U32 = 14;
    uint256 private constant EQUAL_I32 = 15;
    uint256 private constant ADD_I32 = 18;
    uint256 private constant SUB_I32 = 19;
    uint256 private constant MUL_I32 = 20;
    uint256 private constant MUL_HIGH_U32 = 21;
    uint256 private constant AND_I32 = 22;
    uint256 private constant OR_I32 = 23;
    uint256 private constant XOR_I32 = 24;
    uint256 private constant MIN_I32 = 25;
    uint256 private constant SHIFT_LEFT = 27;
    uint256 private constant SHIFT_RIGHT = 28;
    uint256 private constant SHIFT_RIGHT_U = 29;
    uint256 private constant F32_OF_BITS = 31;
    uint256 private constant F32_OF_I32 = 32;
    uint256 private constant I32_OF_F32 = 33;

    /// @notice Returns the result. The byte that `flush` and the shifts carry takes the place of operand b. A select,
    /// which may choose between values that are not there, is left to the interpreter.
    function compute(uint256 opcode, uint256 a, uint256 b) internal pure returns (uint256) {
        if (opcode > EQUAL_I32) return opcode < SHIFT_LEFT ? _integer(opcode, a, b) : _unary(opcode, a, b);
        return opcode <= FLUSH ? _float(opcode, a, b) : _compare(opcode, a, b) ? 1 : 0;
    }

    function _float(uint256 opcode, uint256 a, uint256 b) private pure returns (uint256) {
        if (opcode == MUL_F32) return SoftFloat.mul(a, b);
        if (opcode == ADD_F32) return SoftFloat.add(a, b);
        if (opcode == SUB_F32) return SoftFloat.sub(a, b);
        if (opcode == MIN_F32) return SoftFloat.min(a, b);
        if (opcode == MAX_F32) return SoftFloat.max(a, b);
        if (opcode == FLUSH) return SoftFloat.flush(a, int8(uint8(b)));
        revert BadCode();
    }

    function _compare(uint256 opcode, uint256 a, uint256 b) private pure returns (bool) {
        if (opcode == LESS_F32) return SoftFloat.less(a, b);
        if (opcode == LESS_I32) return _signed(a) < _signed(b);
        return opcode == LESS_U32 ? a < b : a == b;
    }

    function _integer(uint256 opcode, uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            if (opcode == ADD_I32) return (a + b) & WORD;
            if (opcode == MUL_I32) return (a * b) & WORD;
            if (opcode == XOR_I32) return a ^ b;
            if (opcode == MUL_HIGH_U32) return (a * b) >> 32;
            if (opcode == SUB_I32) return (a - b) & WORD;
            if (opcode == AND_I32) return a & b;
            if (opcode == OR_I32) return a | b;
            return (_signed(a) < _signed(b)) == (opcode == MIN_I32) ? a : b;
        }
    }

    function _unary(uint256 opcode, uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            if (opcode <= SHIFT_RIGHT_U) {
                uint256 count = b & 31;
                if (opcode == SHIFT_LEFT) return (a << count) & WORD;
                return opcode == SHIFT_RIGHT ? uint256(_signed(a) >> count) & WORD : a >> count;
            }
            if (opcode <= F32_OF_BITS) return a;
            if (opcode == F32_OF_I32) return SoftFloat.fromInt(a);
            if (opcode == I32_OF_F32) return SoftFloat.toInt(a);
            revert BadCode();
        }
    }

    function _signed(uint256 a) private pure returns (int256) {
        return int32(uint32(a));
    }
}
