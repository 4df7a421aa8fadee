// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The strict f32 arithmetic of cn1: each operation rounded to nearest even on its own. A value is the 32 bits of
/// an IEEE 754 binary32. SPEC: numerics.md N0, N2; `engine/src/scalar/evaluate.ts`.
/// @dev No NaN and no infinity ever enters: element programs are proven not to make one. A result beyond the largest
/// finite value becomes the pattern of infinity, which `canon` flags.
library SoftFloat {
    uint256 private constant SIGN = 1 << 31;
    uint256 private constant MAGNITUDE = SIGN - 1;
    uint256 private constant WORD = (1 << 32) - 1;
    uint256 private constant IMPLICIT = 1 << 23;
    uint256 private constant FRACTION = IMPLICIT - 1;
    uint256 private constant INFINITY = 0x7f800000;
    /// The unit in the last place has the exponent e - 150, for the biased exponent e; of a subnormal, -149.
    int256 private constant BIAS = 150;
    int256 private constant LOWEST = -149;
    /// Beyond this distance of exponents the smaller operand only decides which way to round.
    uint256 private constant FAR = 32;

    /// The domain of N0: 2^-100 and 2^60.
    uint256 private constant DOMAIN_LOW = 0x0d800000;
    uint256 private constant DOMAIN_HIGH = 0x5d800000;

    function add(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            if (a & MAGNITUDE < b & MAGNITUDE) (a, b) = (b, a);
            (uint256 ma, int256 ea) = _open(a);
            (uint256 mb, int256 eb) = _open(b);
            if (mb == 0) return ma == 0 ? a & b : a;
            uint256 distance = uint256(ea - eb);
            if (distance > FAR) {
                ma <<= FAR;
                mb = 1;
                ea -= int256(FAR);
            } else {
                ma <<= distance;
                ea = eb;
            }
            uint256 sum = (a ^ b) & SIGN == 0 ? ma + mb : ma - mb;
            return sum == 0 ? 0 : (a & SIGN) | _round(sum, ea);
        }
    }

    function sub(uint256 a, uint256 b) internal pure returns (uint256) {
        return add(a, b ^ SIGN);
    }

    function mul(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            (uint256 ma, int256 ea) = _open(a);
            (uint256 mb, int256 eb) = _open(b);
            return ((a ^ b) & SIGN) | _round(ma * mb, ea + eb);
        }
    }

    /// @notice x * 2^e.
    function scale(uint256 x, int256 e) internal pure returns (uint256) {
        unchecked {
            (uint256 m, int256 own) = _open(x);
            return (x & SIGN) | _round(m, own + e);
        }
    }

    /// @notice Whether a < b; zeros of both signs are equal.
    function less(uint256 a, uint256 b) internal pure returns (bool) {
        return _order(a) < _order(b);
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return less(b, a) ? b : a;
    }

    function max(uint256 a, uint256 b) internal pure returns (uint256) {
        return less(a, b) ? b : a;
    }

    /// @notice Converts an i32, given in two's complement.
    function fromInt(uint256 x) internal pure returns (uint256) {
        unchecked {
            uint256 sign = x & SIGN;
            return sign | _round(sign == 0 ? x : (1 << 32) - x, 0);
        }
    }

    /// @notice Rounds to an i32 in two's complement; |x| < 2^31 is the program's duty.
    function toInt(uint256 x) internal pure returns (uint256) {
        unchecked {
            return uint256(toScaledInt(x, 0, 1 << 31)) & WORD;
        }
    }

    /// @notice Rounds x * 2^e to an integer no further from zero than `limit`, which is at most 2^32.
    function toScaledInt(uint256 x, int256 e, uint256 limit) internal pure returns (int256) {
        unchecked {
            (uint256 m, int256 own) = _open(x);
            e += own;
            if (m == 0) return 0;
            // From 2^32 on it is beyond any limit.
            uint256 whole = e < 0 ? _shiftRound(m, uint256(-e)) : e > 32 ? limit : m << uint256(e);
            if (whole > limit) whole = limit;
            return x & SIGN == 0 ? int256(whole) : -int256(whole);
        }
    }

    /// @notice Turns |x| < 2^t into +0. t is an i8.
    function flush(uint256 x, int256 t) internal pure returns (uint256) {
        unchecked {
            uint256 threshold = t < -126 ? 1 << uint256(t - LOWEST) : uint256(t + 127) << 23;
            return x & MAGNITUDE < threshold ? 0 : x;
        }
    }

    /// @notice Ends every element. SPEC: N0.
    function canon(uint256 x) internal pure returns (uint256 value, bool diverged) {
        uint256 magnitude = x & MAGNITUDE;
        return magnitude < DOMAIN_LOW ? (uint256(0), false) : (x, magnitude >= DOMAIN_HIGH);
    }

    /// @dev |x| = m * 2^e.
    function _open(uint256 x) private pure returns (uint256 m, int256 e) {
        unchecked {
            uint256 biased = (x >> 23) & 255;
            m = x & FRACTION;
            return biased == 0 ? (m, LOWEST) : (m | IMPLICIT, int256(biased) - BIAS);
        }
    }

    /// @dev The bits of m * 2^e; m < 2^64.
    function _round(uint256 m, int256 e) private pure returns (uint256) {
        unchecked {
            if (m == 0) return 0;
            // The exponent of the last place is that of the leading bit less 23, and never below the lowest.
            int256 last = int256(_log2(m)) + e - 23;
            if (last < LOWEST) last = LOWEST;
            uint256 digits = last <= e ? m << uint256(e - last) : _shiftRound(m, uint256(last - e));
            // What rounding carries out of the fraction runs into the exponent, as it should.
            uint256 bits = last == LOWEST ? digits : (uint256(last + BIAS) << 23) + digits - IMPLICIT;
            return bits < INFINITY ? bits : INFINITY;
        }
    }

    /// @dev m / 2^count, ties to even.
    function _shiftRound(uint256 m, uint256 count) private pure returns (uint256 whole) {
        unchecked {
            if (count > 255) return 0;
            whole = m >> count;
            uint256 rest = m - (whole << count);
            uint256 half = (1 << count) >> 1;
            if (rest > half || (rest == half && whole & 1 == 1)) whole++;
        }
    }

    /// @dev The place of the leading bit of 0 < m < 2^64, bit after bit.
    function _log2(uint256 m) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := shl(5, lt(0xffffffff, m))
            r := or(r, shl(4, lt(0xffff, shr(r, m))))
            r := or(r, shl(3, lt(0xff, shr(r, m))))
            r := or(r, shl(2, lt(0xf, shr(r, m))))
            r := or(r, shl(1, lt(3, shr(r, m))))
            r := or(r, lt(1, shr(r, m)))
        }
    }

    /// @dev An integer that is ordered as the value is.
    function _order(uint256 x) private pure returns (int256) {
        unchecked {
            int256 magnitude = int256(x & MAGNITUDE);
            return x & SIGN == 0 ? magnitude : -magnitude;
        }
    }
}
