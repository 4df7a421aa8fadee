// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Anchors} from "../solidity/Anchors.sol";
import {Terms} from "../solidity/Terms.sol";
import {Anchor, Audit, claimsHash, UnitClaim, UnitLease, Work} from "../solidity/Works.sol";
import {Ledger} from "./Ledger.sol";
import {VM} from "./Vm.sol";

/// @notice Makes links of chains, signed by the actors.
abstract contract Signer is Ledger {
    bytes32 private constant _WORK =
        keccak256("Work(bytes32 job,uint32 round,uint32 index,bytes32 root,bytes32 claims,bytes32 claim)");
    bytes32 private constant _OUTER =
        keccak256("Outer(bytes32 job,uint32 round,bytes32 previousRoot,bytes32 claims,bytes32 globalRoot)");

    bytes32 private constant _LEASE = keccak256(
        "Lease(bytes32 job,uint32 epoch,uint32 round,uint32 index,address worker,uint48 until,address[] custodians)"
    );
    bytes32 private constant _CUSTODY = keccak256("Custody(bytes32 job,uint32 round,uint32 index,bytes32 claim)");
    bytes32 private constant _ATTESTATION =
        keccak256("Attestation(bytes32 job,uint32 round,uint32 index,uint32 segment,bytes32 claim)");

    /// @dev A call to itself turns memory into calldata.
    function claims(Anchor calldata a, uint32 replicas) external pure returns (bytes32) {
        return claimsHash(a, replicas);
    }

    /// @param count Works: the replicas, and one more for an evaluation.
    function _signed(bytes32 job, bytes32 globalRoot, uint256 count, uint256 seed)
        internal
        view
        returns (Anchor memory a)
    {
        Anchors.JobAnchors memory j = anchors.anchorsOf(job);
        Terms memory t = escrow.termsOf(job);
        (a.job, a.previousHead, a.globalRoot) = (job, j.head, globalRoot);
        (a.previousRoot, a.previousClaims) = (j.root, j.claims);
        (a.documentId, a.coordinator, a.round) = (globalRoot, j.holder, j.rounds);
        a.works = new Work[](count);
        for (uint256 i = 0; i < count; i++) {
            a.works[i].worker = _actor(seed >> (2 * i));
            a.works[i].index = uint32(i);
            a.works[i].claim = keccak256(abi.encode(_claim(seed, i)));
            a.works[i].custodians = new address[](i < t.replicas ? t.custodians : 0);
            for (uint256 k = 0; k < a.works[i].custodians.length; k++) a.works[i].custodians[k] = _actor(seed >> (i + k));
        }
        a.audits = new Audit[](j.rounds > 0 && t.verifiers > 0 ? seed % 2 : 0);
        if (a.audits.length > 0) {
            bytes32 claim = keccak256(abi.encode(seed));
            bytes32 fields = keccak256(abi.encode(_ATTESTATION, job, j.rounds - 1, uint32(0), uint32(1), claim));
            a.audits[0] = Audit(_actor(seed >> 9), j.rounds - 1, 0, 1, claim, _by(_keyOf(seed >> 9), fields));
        }
        _sign(a, t.replicas, seed);
    }

    /// @dev What the works of a link that was signed with this seed claim, in their order.
    function _shown(uint256 count, uint256 seed) internal pure returns (UnitClaim[] memory all) {
        all = new UnitClaim[](count);
        for (uint256 i = 0; i < count; i++) all[i] = _claim(seed, i);
    }

    function _claim(uint256 seed, uint256 i) private pure returns (UnitClaim memory claim) {
        claim.globalRoot = keccak256(abi.encode(seed, i));
    }

    /// @dev The lease of a work of an anchor, by whoever may lease now, and its custodians' signatures.
    function _leased(Anchor memory a, uint256 i) internal view returns (UnitLease memory l, bytes[] memory kept) {
        Anchors.JobAnchors memory j = anchors.anchorsOf(a.job);
        Work memory w = a.works[i];
        (l.job, l.epoch, l.round, l.index) = (a.job, j.epoch, a.round, w.index);
        (l.until, l.custodians) = (uint48(block.timestamp + 20), w.custodians);
        bytes32 custodians = keccak256(abi.encodePacked(w.custodians));
        bytes32 fields = keccak256(
            abi.encode(_LEASE, l.job, l.epoch, l.round, l.index, w.worker, l.until, custodians)
        );
        l.signature = _by(_keyAt(j.holder), fields);
        kept = new bytes[](w.custodians.length);
        bytes32 custody = keccak256(abi.encode(_CUSTODY, l.job, l.round, l.index, w.claim));
        for (uint256 k = 0; k < kept.length; k++) kept[k] = _by(_keyAt(w.custodians[k]), custody);
    }

    function _keyAt(address actor) private view returns (uint256) {
        for (uint256 i = 0; i < actors.length; i++) if (actors[i] == actor) return _keys[i];
        revert();
    }

    function _sign(Anchor memory a, uint32 replicas, uint256 seed) private view {
        bytes32 all = this.claims(a, replicas);
        bytes32 outer = keccak256(abi.encode(_OUTER, a.job, a.round, a.previousRoot, all, a.globalRoot));
        for (uint256 i = 0; i < a.works.length; i++) {
            uint256 key = _keyOf(seed >> (2 * i));
            (bytes32 root, bytes32 before) = i < replicas ? (a.previousRoot, a.previousClaims) : (a.globalRoot, all);
            bytes32 claim = a.works[i].claim;
            bytes32 fields = keccak256(abi.encode(_WORK, a.job, a.round, a.works[i].index, root, before, claim));
            a.works[i].signature = _by(key, fields);
            if (i < replicas) a.works[i].outer = _by(key, outer);
        }
    }

    function _by(uint256 key, bytes32 fields) private view returns (bytes memory) {
        (, string memory name, string memory version, uint256 chainId, address verifier,,) = anchors.eip712Domain();
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                verifier
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, keccak256(abi.encodePacked("\x19\x01", domain, fields)));
        return abi.encodePacked(r, s, v);
    }
}
