// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BadParameters} from "../solidity/Errors.sol";
import {checkParameters, Parameters} from "../solidity/Parameters.sol";
import {areSensible, atLeast, Counts, mostCounts, priceOf, Terms} from "../solidity/Terms.sol";
import {VM} from "./Vm.sol";

/// @notice Arithmetic over all of its range: nothing overflows that a stranger may send.
contract TermsTest {
    function testFuzz_sensibleTermsAlwaysHaveAPrice(Terms memory t, uint32 rounds) public pure {
        t.document = bytes32(uint256(1));
        t.rounds = t.rounds == 0 ? 1 : t.rounds;
        t.replicas = t.replicas == 0 ? 1 : t.replicas;
        t.evaluations = uint32(t.evaluations % (uint256(t.rounds) + 1));
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

    function check(Parameters memory p) external pure {
        checkParameters(p);
    }
}
