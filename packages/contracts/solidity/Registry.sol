// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {
    BadPeerKey,
    NothingUnbonding,
    NotModule,
    NotNode,
    OwnerNotApproving,
    StakeTooLow,
    StillUnbonding,
    ZeroAmount
} from "./Errors.sol";
import {GuardianPause} from "./GuardianPause.sol";
import {Modules} from "./Modules.sol";
import {checkParameters, Parameters} from "./Parameters.sol";

/// @notice Who the nodes are and what they answer with. Holds the stakes; bonds are locked parts of them.
/// @dev The EVM cannot check Ed25519: peers check `signature` themselves, and may find one peer key registered twice.
contract Registry is GuardianPause {
    using SafeERC20 for IERC20;

    struct Node {
        address owner;
        /// When `unbonding` may be withdrawn.
        uint48 unbondsAt;
        /// Whether others may count on it to repeat audited work.
        bool verifies;
        bytes32 peerKey;
        /// The peer key's signature over this account; what it covers is in docs/decisions/0004-network.md.
        bytes32[2] signature;
        uint128 stake;
        /// Part of `stake` that backs leases, work, assertions and challenges.
        uint128 locked;
        /// No longer part of `stake`.
        uint128 unbonding;
    }

    IERC20 public immutable token;
    address public immutable escrow;
    address public immutable anchors;
    address public immutable earnings;
    address public immutable slashing;
    address public immutable disputes;
    uint128 private immutable _minimumStake;
    uint48 private immutable _unbondingSeconds;

    Parameters private _parameters;
    mapping(address account => Node) private _nodes;
    mapping(address owner => mapping(address node => bool)) public approved;
    address[] private _accounts;

    event NodeApproved(address indexed owner, address indexed node, bool approved);
    event Registered(address indexed node, address indexed owner, bytes32 peerKey, bytes32[2] signature, bool verifies);
    event Staked(address indexed node, uint128 amount);
    event UnstakeRequested(address indexed node, uint128 amount, uint48 unbondsAt);
    event StakeWithdrawn(address indexed node, uint128 amount);
    event Locked(address indexed node, address indexed module, uint128 amount);
    event Unlocked(address indexed node, address indexed module, uint128 amount);
    event Slashed(address indexed node, uint128 amount);

    modifier onlyModule() {
        if (msg.sender != anchors && msg.sender != earnings && msg.sender != disputes) revert NotModule(msg.sender);
        _;
    }

    /// @param modules_ are not deployed yet: their addresses are predicted from the deployer's nonce.
    constructor(IERC20 token_, Modules memory modules_, Parameters memory p)
        GuardianPause(p.guardian, p.pauseSeconds, p.pauseIntervalSeconds)
    {
        checkParameters(p);
        token = token_;
        (escrow, anchors, earnings) = (modules_.escrow, modules_.anchors, modules_.earnings);
        (slashing, disputes) = (modules_.slashing, modules_.disputes);
        _minimumStake = p.minimumStake;
        _unbondingSeconds = p.unbondingSeconds;
        _parameters = p;
    }

    /// @notice Lets `node` name the caller as its owner, or no longer.
    function approveNode(address node, bool approve) external {
        approved[msg.sender][node] = approve;
        emit NodeApproved(msg.sender, node, approve);
    }

    /// @notice Makes the caller a node, or changes its keys, its owner and whether it verifies.
    function register(bytes32 peerKey, bytes32[2] calldata signature, address owner, bool verifies) external {
        if (peerKey == 0) revert BadPeerKey();
        if (owner != msg.sender && !approved[owner][msg.sender]) revert OwnerNotApproving(owner, msg.sender);
        Node storage node = _nodes[msg.sender];
        if (node.peerKey == 0) _accounts.push(msg.sender);
        (node.peerKey, node.signature, node.owner, node.verifies) = (peerKey, signature, owner, verifies);
        emit Registered(msg.sender, owner, peerKey, signature, verifies);
    }

    /// @notice Adds to the caller's stake.
    function stake(uint128 amount) external {
        if (amount == 0) revert ZeroAmount();
        _nodes[msg.sender].stake += amount;
        emit Staked(msg.sender, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Starts unbonding; what was unbonding already waits again.
    function unstake(uint128 amount) external {
        if (amount == 0) revert ZeroAmount();
        Node storage node = _nodes[msg.sender];
        uint128 free = node.stake - node.locked;
        if (amount > free) revert StakeTooLow(msg.sender, amount, free);
        node.stake -= amount;
        node.unbonding += amount;
        node.unbondsAt = uint48(block.timestamp) + _unbondingSeconds;
        emit UnstakeRequested(msg.sender, amount, node.unbondsAt);
    }

    /// @notice Pays out what has unbonded.
    function withdrawStake() external {
        Node storage node = _nodes[msg.sender];
        uint128 amount = node.unbonding;
        if (amount == 0) revert NothingUnbonding();
        if (block.timestamp < node.unbondsAt) revert StillUnbonding(node.unbondsAt);
        node.unbonding = 0;
        emit StakeWithdrawn(msg.sender, amount);
        token.safeTransfer(msg.sender, amount);
    }

    /// @notice Locks a bond in a node's stake.
    function lock(address account, uint128 amount) external onlyModule {
        Node storage node = _nodes[account];
        if (node.peerKey == 0 || node.stake < _minimumStake) revert NotNode(account);
        uint128 free = node.stake - node.locked;
        if (amount > free) revert StakeTooLow(account, amount, free);
        node.locked += amount;
        emit Locked(account, msg.sender, amount);
    }

    /// @notice Frees a bond.
    function unlock(address account, uint128 amount) external onlyModule {
        _nodes[account].locked -= amount;
        emit Unlocked(account, msg.sender, amount);
    }

    /// @notice Takes a bond from a node and hands it to the module that spends it.
    function slash(address account, uint128 amount) external {
        if (msg.sender != slashing) revert NotModule(msg.sender);
        Node storage node = _nodes[account];
        node.locked -= amount;
        node.stake -= amount;
        emit Slashed(account, amount);
        token.safeTransfer(msg.sender, amount);
    }

    /// @notice Returns the largest bond that can be locked in a node's stake.
    function freeOf(address account) external view returns (uint128) {
        Node storage node = _nodes[account];
        return node.peerKey == 0 || node.stake < _minimumStake ? 0 : node.stake - node.locked;
    }

    function modules() external view returns (Modules memory) {
        return Modules(escrow, anchors, earnings, slashing, disputes);
    }

    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }

    function nodeOf(address account) external view returns (Node memory) {
        return _nodes[account];
    }

    function nodeCount() external view returns (uint256) {
        return _accounts.length;
    }

    /// @notice Lists up to `count` nodes in the order of their first registration.
    function nodesFrom(uint256 start, uint256 count)
        external
        view
        returns (address[] memory accounts, Node[] memory nodes)
    {
        uint256 end = start + count < _accounts.length ? start + count : _accounts.length;
        uint256 length = start < end ? end - start : 0;
        (accounts, nodes) = (new address[](length), new Node[](length));
        for (uint256 i = 0; i < length; i++) {
            accounts[i] = _accounts[start + i];
            nodes[i] = _nodes[accounts[i]];
        }
    }
}
