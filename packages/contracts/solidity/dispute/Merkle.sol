// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Merkle trees of RFC 9162 over SHA-256. SPEC: docs/spec/roots.md.
/// @dev A root does not fix the number of leaves: it comes from the program, never from a party.
library Merkle {
    /// The root of no leaves.
    bytes32 internal constant EMPTY = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;

    function leafHash(bytes memory leaf) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0), leaf));
    }

    function nodeHash(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @notice Computes the root above hashes; changes them.
    function rootOf(bytes32[] memory hashes) internal pure returns (bytes32) {
        uint256 width = hashes.length;
        if (width == 0) return EMPTY;
        while (width > 1) {
            uint256 next = 0;
            for (uint256 i = 0; i < width; i += 2) {
                hashes[next++] = i + 1 < width ? nodeHash(hashes[i], hashes[i + 1]) : hashes[i];
            }
            width = next;
        }
        return hashes[0];
    }

    /// @notice Tells whether a leaf with this hash stands at `index` of a tree with so many leaves.
    function isAt(bytes32 root, uint256 leaves, uint256 index, bytes32 node, bytes32[] memory path)
        internal
        pure
        returns (bool)
    {
        if (index >= leaves || root == 0) return false;
        uint256 used = 0;
        for (uint256 width = leaves; width > 1; width = (width + 1) / 2) {
            bool isRight = index % 2 == 1;
            // A node that is left over goes up unchanged.
            if (isRight || index != width - 1) {
                if (used == path.length) return false;
                bytes32 sibling = path[used++];
                node = isRight ? nodeHash(sibling, node) : nodeHash(node, sibling);
            }
            index /= 2;
        }
        return used == path.length && node == root;
    }
}
