// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Instructions} from "../solidity/referee/Instructions.sol";
import {SoftFloat} from "../solidity/referee/SoftFloat.sol";

/// @notice Computes thousands of scalar operations in one call, for tests that compare them with the engine's.
contract ArithmeticHarness {
    uint256 private constant CASE_BYTES = 10;
    /// Beyond the opcodes of the language; 129 is its flag.
    uint256 private constant CANON = 128;

    /// @param cases 10 bytes each: opcode, the byte that follows its operands, two operands.
    /// @return results Four bytes for each case.
    function compute(bytes calldata cases) external pure returns (bytes memory results) {
        unchecked {
            uint256 count = cases.length / CASE_BYTES;
            results = new bytes(4 * count);
            for (uint256 i = 0; i < count; i++) {
                uint256 packed = uint80(bytes10(cases[CASE_BYTES * i:CASE_BYTES * (i + 1)]));
                uint256 result = _compute(packed);
                assembly ("memory-safe") {
                    let place := add(add(results, 32), mul(4, i))
                    mstore8(place, shr(24, result))
                    mstore8(add(place, 1), shr(16, result))
                    mstore8(add(place, 2), shr(8, result))
                    mstore8(add(place, 3), result)
                }
            }
        }
    }

    function _compute(uint256 packed) private pure returns (uint256) {
        unchecked {
            uint256 opcode = packed >> 72;
            uint256 follows = (packed >> 64) & 255;
            uint256 a = uint32(packed >> 32);
            uint256 b = uint32(packed);
            if (opcode < CANON) {
                bool takesByte = opcode == 11 || (opcode >= 27 && opcode <= 29);
                return Instructions.compute(opcode, a, takesByte ? follows : b);
            }
            (uint256 value, bool diverged) = SoftFloat.canon(a);
            return opcode == CANON ? value : diverged ? 1 : 0;
        }
    }
}
