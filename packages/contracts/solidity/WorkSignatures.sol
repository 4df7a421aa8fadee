// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {BadSignature, ClaimLost, OuterUnsigned} from "./Errors.sol";
import {Anchor, Audit, claimsHash, UnitLease} from "./Works.sol";

/// @notice What workers and verifiers sign (EIP-712), checked before their bonds are locked.
/// @dev A work's signature names the state that it began from, root and claims of the round before: nobody can put it on
/// another one. An outer step's names the replicas' claims: nobody can put another unit under it.
abstract contract WorkSignatures is EIP712 {
    bytes32 private constant _WORK =
        keccak256("Work(bytes32 job,uint32 round,uint32 index,bytes32 root,bytes32 claims,bytes32 claim)");
    bytes32 private constant _OUTER =
        keccak256("Outer(bytes32 job,uint32 round,bytes32 previousRoot,bytes32 claims,bytes32 globalRoot)");

    bytes32 private constant _LEASE = keccak256(
        "Lease(bytes32 job,uint32 epoch,uint32 round,uint32 index,address worker,uint48 until,address[] custodians)"
    );
    bytes32 private constant _CUSTODY =
        keccak256("Custody(bytes32 job,uint32 round,uint32 index,bytes32 claim)");
    bytes32 private constant _ATTESTATION =
        keccak256("Attestation(bytes32 job,uint32 round,uint32 index,uint32 segment,bytes32 claim)");

    /// @dev By hash: nobody's bond is locked a second time for what was proven wrong once, unless it signs again.
    mapping(bytes32 signature => bool) internal _lost;

    constructor() EIP712("Cairn", "1") {}

    /// @dev Reverts unless every work is signed, and, where `outerNeeded`, somebody answers for the outer step.
    function _requireSigned(Anchor calldata a, uint32 replicas, bool outerNeeded) internal view {
        bytes32 claims = claimsHash(a, replicas);
        bytes32 outer = _hashTypedDataV4(
            keccak256(abi.encode(_OUTER, a.job, a.round, a.previousRoot, claims, a.globalRoot))
        );
        for (uint256 i = 0; i < a.works.length; i++) {
            address worker = a.works[i].worker;
            _requireSignature(worker, _workDigest(a, i, replicas, claims), a.works[i].signature);
            if (a.works[i].outer.length == 0) continue;
            outerNeeded = false;
            _requireSignature(worker, outer, a.works[i].outer);
        }
        if (outerNeeded) revert OuterUnsigned();
    }

    /// @dev Reverts unless every attestation is its verifier's.
    function _requireAttested(Anchor calldata a) internal view {
        for (uint256 i = 0; i < a.audits.length; i++) {
            Audit calldata one = a.audits[i];
            bytes32 fields = keccak256(
                abi.encode(_ATTESTATION, a.job, one.round, one.index, one.segment, one.claim)
            );
            _requireSignature(one.verifier, _hashTypedDataV4(fields), one.signature);
        }
    }

    /// @dev Reverts unless the holder of the job's lease leased the unit to the caller.
    function _requireLeased(address holder, UnitLease calldata l) internal view {
        bytes32 custodians = keccak256(abi.encodePacked(l.custodians));
        bytes32 fields = keccak256(
            abi.encode(_LEASE, l.job, l.epoch, l.round, l.index, msg.sender, l.until, custodians)
        );
        _requireSignature(holder, _hashTypedDataV4(fields), l.signature);
    }

    /// @dev Reverts unless the caller signed the unit, as an anchor would have it.
    function _requireWork(
        UnitLease calldata l,
        bytes32 root,
        bytes32 claims,
        bytes32 claim,
        bytes calldata signature
    ) internal view {
        bytes32 fields = keccak256(abi.encode(_WORK, l.job, l.round, l.index, root, claims, claim));
        _requireSignature(msg.sender, _hashTypedDataV4(fields), signature);
    }

    /// @dev Reverts unless every custodian of a lease says that it keeps what the claim names.
    function _requireKept(UnitLease calldata l, bytes32 claim, bytes[] calldata kept) internal view {
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(_CUSTODY, l.job, l.round, l.index, claim)));
        for (uint256 i = 0; i < kept.length; i++) _requireSignature(l.custodians[i], digest, kept[i]);
    }

    /// @dev A replica begins from the round before, an evaluation from the round's own outer step.
    function _workDigest(Anchor calldata a, uint256 i, uint32 replicas, bytes32 claims) private view returns (bytes32) {
        (uint32 index, bytes32 claim) = (a.works[i].index, a.works[i].claim);
        bool isReplica = index < replicas;
        bytes32 root = isReplica ? a.previousRoot : a.globalRoot;
        if (isReplica) claims = a.previousClaims;
        return _hashTypedDataV4(keccak256(abi.encode(_WORK, a.job, a.round, index, root, claims, claim)));
    }

    function _requireSignature(address signer, bytes32 digest, bytes calldata signature) private view {
        (address found, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure != ECDSA.RecoverError.NoError || found != signer) revert BadSignature(signer);
        if (_lost[keccak256(signature)]) revert ClaimLost();
    }
}
