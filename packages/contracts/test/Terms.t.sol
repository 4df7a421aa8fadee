// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BadParameters, BadTerms} from "../solidity/Errors.sol";
import {checkParameters, Parameters} from "../solidity/Parameters.sol";
import {areSensible, atLeast, Counts, MILLION, mostCounts, priceOf, Terms, unitBondFor} from "../solidity/Terms.sol";
import {VM} from "./Vm.sol";

/// @notice Arithmetic over all of its range: nothing overflows that a stranger may send.
contract TermsTest {
    function testFuzz_sensibleTermsAlwaysHaveAPrice(Terms memory t, uint32 rounds) public pure {
        t.document = bytes32(uint256(1));
        t.rounds = t.rounds == 0 ? 1 : t.rounds;
        t.replicas = t.replicas == 0 ? 1 : t.replicas;
        _makeVerifiable(t);
        VM.assume(areSensible(t));
        rounds = uint32(rounds % (uint256(t.rounds) + 1));
        Counts memory most = mostCounts(t, rounds);
        require(atLeast(mostCounts(t, t.rounds), most), "more rounds never hold less work");
        require(priceOf(t, mostCounts(t, t.rounds)) >= priceOf(t, most), "more work never costs less");
    }

    function testFuzz_anyCountsHaveAPrice(Terms memory t, Counts memory c) public pure {
        uint256 price = priceOf(t, c);
        require(price >= uint256(c.trained) * t.trainPrice, "a sum is not below its parts");
    }

    function testFuzz_sensibleIsDecidedForAnyTerms(Terms memory t) public pure {
        bool sensible = areSensible(t);
        require(!sensible || (t.rounds > 0 && t.replicas > 0), "sensible terms have rounds and replicas");
    }

    /// @dev Any parameters are accepted or refused by name: no panic.
    function testFuzz_parametersNeverOverflow(Parameters memory p) public view {
        try this.check(p) {
            require(p.unbondingSeconds > p.challengeSeconds, "unbonding outlasts the challenge window");
        } catch (bytes memory reason) {
            require(bytes4(reason) == BadParameters.selector, "refused by name");
        }
    }

    /// @dev The bond deters, one less would not, and it is refused by name where it does not fit.
    function testFuzz_theUnitBondIsTheSmallestThatDeters(Terms memory t, uint32 colluding) public view {
        _makeVerifiable(t);
        (t.policy, colluding) = (1, colluding % 1e6);
        if (t.auditRate == 0) (t.auditRate, t.verifiers) = (1, 1);
        uint256 gain = t.trainPrice > t.evaluatePrice ? t.trainPrice : t.evaluatePrice;
        uint256 chance = uint256(t.auditRate) * (MILLION - colluding) ** t.verifiers;
        uint256 needed = 2 * gain * MILLION ** (uint256(t.verifiers) + 1);
        try this.bond(t, colluding) returns (uint128 s) {
            require(uint256(s - s / 2) * chance >= needed, "the bond deters");
            require(s == 0 ? gain == 0 : uint256((s - 1) - (s - 1) / 2) * chance < needed, "one less would not");
        } catch (bytes memory reason) {
            require(bytes4(reason) == BadTerms.selector, "refused by name");
            require(uint256(type(uint128).max / 2 + 1) * chance < needed + chance, "it does not fit");
        }
    }

    function _makeVerifiable(Terms memory t) private pure {
        t.maximumUnsettled = 1 + t.maximumUnsettled % 64;
        t.policy = t.policy % 3;
        (t.auditRate, t.verifiers) = (1 + t.auditRate % 1e6, 1 + t.verifiers % 5);
        t.provable = t.policy == 0 ? bytes32(0) : bytes32(uint256(1));
        if (t.policy == 0) (t.auditRate, t.verifiers, t.auditPrice) = (0, 0, 0);
    }

    function bond(Terms memory t, uint32 colluding) external pure returns (uint128) {
        return unitBondFor(t, colluding);
    }

    function check(Parameters memory p) external pure {
        checkParameters(p);
    }
}
