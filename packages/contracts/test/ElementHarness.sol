// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Blocks} from "../solidity/referee/Blocks.sol";
import {Element, ElementCode, Opening, Operand} from "../solidity/referee/ElementCode.sol";
import {SoftFloat} from "../solidity/referee/SoftFloat.sol";

/// @notice Computes elements and blocks, for tests that compare them with the engine's.
contract ElementHarness {
    struct Outcome {
        uint256 value;
        bool diverged;
        uint256 gas;
    }

    /// @notice Several elements of one operator, which share openings.
    function evaluate(
        bytes calldata code,
        Operand[] memory operands,
        Opening[] memory openings,
        uint256[][] memory coordinates
    ) external view returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](coordinates.length);
        for (uint256 i = 0; i < coordinates.length; i++) {
            Element memory element = Element(coordinates[i], operands, openings);
            uint256 before = gasleft();
            (uint256 value, bool diverged) = ElementCode.evaluate(code, element);
            outcomes[i] = Outcome(value, diverged, before - gasleft());
        }
    }

    /// @notice A block of each 32 elements.
    function quantise(uint256[32][] memory rows, bool isWide, bool isFixed)
        external
        view
        returns (bytes[] memory blocks, bool[] memory diverged, uint256 gas)
    {
        blocks = new bytes[](rows.length);
        diverged = new bool[](rows.length);
        for (uint256 i = 0; i < rows.length; i++) {
            uint256 before = gasleft();
            (blocks[i], diverged[i]) = Blocks.quantise(rows[i], isWide, isFixed);
            gas = before - gasleft();
        }
    }

    /// @notice All 32 elements of each block.
    function dequantise(bytes[] memory blocks) external view returns (uint256[32][] memory rows, uint256 gas) {
        rows = new uint256[32][](blocks.length);
        for (uint256 i = 0; i < blocks.length; i++) {
            for (uint256 k = 0; k < 32; k++) {
                uint256 before = gasleft();
                rows[i][k] = Blocks.dequantise(blocks[i], k);
                gas = before - gasleft();
            }
        }
    }

    /// @notice One element of a contraction, from the blocks of two rows.
    function contractRows(bytes[] memory a, bytes[] memory b)
        external
        view
        returns (uint256 value, bool diverged, uint256 gas)
    {
        uint256 sum = 0;
        for (uint256 i = 0; i < a.length; i++) {
            uint256 before = gasleft();
            sum = Blocks.addProduct(sum, a[i], b[i]);
            gas = before - gasleft();
        }
        (value, diverged) = SoftFloat.canon(sum);
    }
}
