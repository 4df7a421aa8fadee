// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Terms, unitBondFor} from "../solidity/Terms.sol";

/// @notice Computes unit bonds for tests, many a call.
contract TermsHarness {
    struct Case {
        uint128 trainPrice;
        uint128 evaluatePrice;
        uint32 auditRate;
        uint32 colluding;
        uint8 verifiers;
        uint8 policy;
    }

    /// @notice The largest number stands for terms that are refused.
    function bonds(Case[] calldata cases) external view returns (uint256[] memory found) {
        found = new uint256[](cases.length);
        for (uint256 i = 0; i < cases.length; i++) {
            try this.bond(cases[i]) returns (uint128 one) {
                found[i] = one;
            } catch {
                found[i] = type(uint256).max;
            }
        }
    }

    function bond(Case calldata c) external pure returns (uint128) {
        Terms memory t;
        (t.trainPrice, t.evaluatePrice, t.auditRate) = (c.trainPrice, c.evaluatePrice, c.auditRate);
        (t.verifiers, t.policy) = (c.verifiers, c.policy);
        return unitBondFor(t, c.colluding);
    }
}
