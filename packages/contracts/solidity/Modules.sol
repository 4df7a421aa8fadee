// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The contracts that may move bonds. The Registry is told of them before they are deployed.
struct Modules {
    address escrow;
    address anchors;
    address earnings;
    address slashing;
    address disputes;
}
