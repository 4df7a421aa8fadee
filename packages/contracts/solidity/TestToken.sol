// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

error FaucetCapExceeded(uint256 cap);

/// @notice Play money for local chains: anyone may mint. Never give it a price.
contract TestToken is ERC20 {
    /// @notice The most that one call mints: a million tokens.
    uint256 public constant FAUCET_CAP = 1e12;

    constructor() ERC20("Cairn Test Token", "TEST") {}

    function mint(address to, uint256 amount) external {
        if (amount > FAUCET_CAP) revert FaucetCapExceeded(FAUCET_CAP);
        _mint(to, amount);
    }

    /// @dev As many as the stablecoins that real networks pay in.
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
