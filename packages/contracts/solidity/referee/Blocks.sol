// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SoftFloat} from "./SoftFloat.sol";

/// Not the bytes of a block, or of two that go together.
error BadBlock();

/// @title Quantised blocks of cn1: 32 mantissas and their scale exponent, side by side as in a tensor's bytes.
/// SPEC: numerics.md N1, docs/spec/roots.md; `engine/src/backend/reference/quantisation.ts`.
/// @dev mx8: 32 signed bytes and one for the exponent. mx12: 16-bit words instead, little-endian.
library Blocks {
    uint256 internal constant MX8_BYTES = 33;
    uint256 internal constant MX12_BYTES = 66;

    uint256 private constant ELEMENTS = 32;
    int256 private constant SMALLEST_EXPONENT = -62;
    /// 2^48: an input from here on raises `diverged`.
    int256 private constant LIMIT_EXPONENT = 48;
    uint256 private constant LIMIT = uint256(LIMIT_EXPONENT + 127) << 23;
    uint256 private constant MAGNITUDE = (1 << 31) - 1;

    /// @notice Adds one block of a contraction to the sum of those before it. Not canonical before the last.
    function addProduct(uint256 sum, bytes memory a, bytes memory b) internal pure returns (uint256) {
        unchecked {
            if (a.length != b.length) revert BadBlock();
            int256 dot = 0;
            for (uint256 i = 0; i < ELEMENTS; i++) dot += _mantissa(a, i) * _mantissa(b, i);
            uint256 rounded = SoftFloat.fromInt(uint32(int32(dot)));
            return SoftFloat.add(sum, SoftFloat.scale(rounded, _exponent(a) + _exponent(b)));
        }
    }

    /// @notice Quantises 32 elements, of which those that a short last block lacks are +0.
    /// @param isWide mx12, not mx8.
    /// @param isFixed The exponent is 0 whatever the elements are.
    function quantise(uint256[32] memory x, bool isWide, bool isFixed)
        internal
        pure
        returns (bytes memory mantissas, bool diverged)
    {
        unchecked {
            uint256 largest = 0;
            for (uint256 i = 0; i < ELEMENTS; i++) {
                uint256 magnitude = x[i] & MAGNITUDE;
                if (magnitude > largest) largest = magnitude;
            }
            uint256 width = isWide ? 12 : 8;
            int256 exponent = int256(largest >> 23) - 127 - int256(width - 2);
            if (exponent < SMALLEST_EXPONENT) exponent = SMALLEST_EXPONENT;
            if (isFixed) exponent = 0;
            uint256 limit = (1 << (width - 1)) - 1;
            mantissas = new bytes(isWide ? MX12_BYTES : MX8_BYTES);
            for (uint256 i = 0; i < ELEMENTS; i++) _put(mantissas, i, SoftFloat.toScaledInt(x[i], -exponent, limit));
            _put(mantissas, ELEMENTS, exponent);
            diverged = largest >= LIMIT;
        }
    }

    /// @notice Whether `quantise` can have made a block of which so many elements are in the tensor; the others are zeros.
    function isAdmissible(bytes memory block_, uint256 used) internal pure returns (bool) {
        int256 width = block_.length == MX12_BYTES ? int256(12) : int256(8);
        int256 limit = int256(1 << uint256(width - 1)) - 1;
        for (uint256 i = 0; i < ELEMENTS; i++) {
            int256 mantissa = _mantissa(block_, i);
            if (i < used ? mantissa < -limit || mantissa > limit : mantissa != 0) return false;
        }
        int256 exponent = _exponent(block_);
        return exponent >= SMALLEST_EXPONENT && exponent <= LIMIT_EXPONENT - 1 - (width - 2);
    }

    /// @notice Turns one of the 32 mantissas back into an element.
    function dequantise(bytes memory block_, uint256 index) internal pure returns (uint256 value) {
        unchecked {
            uint256 mantissa = SoftFloat.fromInt(uint32(int32(_mantissa(block_, index))));
            (value,) = SoftFloat.canon(SoftFloat.scale(mantissa, _exponent(block_)));
        }
    }

    function _exponent(bytes memory block_) private pure returns (int256) {
        return _mantissa(block_, ELEMENTS);
    }

    /// @dev Signed, by its place in the block.
    function _mantissa(bytes memory block_, uint256 i) private pure returns (int256) {
        unchecked {
            if (block_.length == MX8_BYTES) return int8(uint8(block_[i]));
            if (block_.length != MX12_BYTES) revert BadBlock();
            return int16(uint16(uint8(block_[2 * i])) | (uint16(uint8(block_[2 * i + 1])) << 8));
        }
    }

    function _put(bytes memory block_, uint256 i, int256 value) private pure {
        unchecked {
            uint16 word = uint16(int16(value));
            if (block_.length == MX8_BYTES) {
                block_[i] = bytes1(uint8(word));
            } else {
                block_[2 * i] = bytes1(uint8(word));
                block_[2 * i + 1] = bytes1(uint8(word >> 8));
            }
        }
    }
}
