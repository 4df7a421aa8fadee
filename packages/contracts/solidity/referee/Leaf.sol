// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A leaf ends before the value that is read from it.
error BadOpening();

/// @notice Reads a little-endian value of 1, 2 or 4 bytes from a leaf of a tensor, zero-extended.
function wordOf(bytes memory content, uint256 offset, uint256 size) pure returns (uint256 value) {
    unchecked {
        if (offset + size > content.length) revert BadOpening();
        assembly ("memory-safe") {
            value := shr(224, mload(add(add(content, 32), offset)))
        }
        value = ((value & 0xff00ff) << 8) | ((value >> 8) & 0xff00ff);
        return ((value << 16) | (value >> 16)) & ((1 << (8 * size)) - 1);
    }
}
