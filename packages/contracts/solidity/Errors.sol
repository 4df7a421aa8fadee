// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// Every reason to refuse a call. The reference model (packages/protocol/src/settlement) gives the same names as codes.

// Construction and modules
error BadParameters();
error NotModule(address caller);

// Pause
error NotGuardian(address caller);
error NetworkPaused(uint48 until);
error PauseTooSoon(uint48 from);

// Registry
error OwnerNotApproving(address owner, address node);
error BadPeerKey();
error ZeroAmount();
error NotNode(address account);
error StakeTooLow(address account, uint256 needed, uint256 free);
error NothingUnbonding();
error StillUnbonding(uint48 until);

// Escrow
error BadTerms();
error JobExists(bytes32 job);
error BudgetTooLow(uint256 needed, uint256 budget);
error JobUnknown(bytes32 job);
error JobNotOpen(bytes32 job);
error NotSubmitter(address caller);
error NotClosable(bytes32 job);
error OwedExceedsBudget(uint256 owed, uint256 budget);
error PaidExceedsOwed(uint256 paid, uint256 owed);

// Anchors
error LeaseHeld(address holder, uint48 until);
error NotLeaseHolder(address caller);
error WrongEpoch(uint32 epoch);
error JobEnded(bytes32 job);
error HeadMoved(bytes32 head);
error WrongRound(uint32 next);
error AllRoundsAnchored(uint32 rounds);
error BadRecord();
error TooManyUnsettled(uint32 finalRounds);
error BadWorks();
error BadAudits();
error BadSignature(address worker);
error OuterUnsigned();
error LeaseOver(uint48 until);
error AlreadyIncluded(uint32 index);
error WorkLeftOut(uint32 index);
error DisputeOpen(bytes32 head);
error NotVoid(bytes32 head);
error BondGone(bytes32 head, uint32 position);

// Disputes and slashes
error NotDisputable(bytes32 job);
error ChallengeWindowOver(uint48 until);
error NoClaim();
error ClaimLost();
error ClaimStands();
error AlreadyChallenged();
error GameUnknown();
error GameOver();
error NotYourTurn(address account);
error ClockRunning(uint48 until);
error ClockOver();
error NotJudge(address caller);
error CaseUnknown(bytes32 head);
error NotCompensated();

// Earnings
error AssertionPending(uint48 settlesAt);
error CancelWindowOver(uint48 endedAt);
error OnlyFinal();
error NotFinished();
error RoundsNotFinal(uint32 finalRounds);
error RoundsDecrease(uint32 settled);
error TotalsDecrease();
error TotalsExceedRounds();
error NothingPending();
error ChallengeWindowOpen(uint48 until);
error BadProof();
error LeavesUnordered();
error EmptyLeaf();
error NotCounted(uint32 next);
error EarningsRight();

// Games
error OtherClaim();
error OtherPosition();
error OldPosition(uint32 turn);
error NotSigned();
