// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {BadSignature, ClaimLost, OuterUnsigned} from "./Errors.sol";
import {Anchor, claimsHash} from "./Works.sol";

/// @notice What workers sign (EIP-712), checked before their bonds are locked.
/// @dev A work's signature names the state that it began from, root and claims of the round before: nobody can put it on
/// another one. An outer step's names the replicas' claims: nobody can put another unit under it.
abstract contract WorkSignatures is EIP712 {
    bytes32 private constant _WORK =
        keccak256("Work(bytes32 job,uint32 round,uint32 index,bytes32 root,bytes32 claims,bytes32 claim)");
    bytes32 private constant _OUTER =
        keccak256("Outer(bytes32 job,uint32 round,bytes32 previousRoot,bytes32 claims,bytes32 globalRoot)");

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
