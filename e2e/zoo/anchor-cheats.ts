/** Cheats about links: two claims for one unit, wrong earnings, and a beacon that is to be drawn again. */
import {
  anchorHead,
  anchorRound,
  assertEarnings,
  type ChainClient,
  challengeEarnings,
  claimsHash,
  countEarnings,
  earningsTree,
  finaliseRound,
  localParameters,
  readAnchors,
  readBlock,
  readLink,
  releaseLease,
  signWork,
  takeLease,
} from '@cairn/contracts'
import { knownClaim, withClaims } from '@cairn/contracts/conformance'
import { type HashHex, sha256 } from '@cairn/primitives'
import { type Anchor, noCounts, outerMessage, roundBeacon, type UnitClaim, workMessage } from '@cairn/protocol'
import { accountOf } from '../disputes/disputed-round.ts'
import type { ProtocolCheat, Stage } from './protocol-cheat.ts'
import { booked, CHALLENGE_SECONDS, mustBe, mustBeRefused } from './stage.ts'
import { anchorClaim, openBy, roundsOf, wrongElement } from './stage-games.ts'

/** The same link with another claim of the worker, signed anew by everybody whom it concerns. */
async function withClaim({ network }: Stage, anchor: Anchor, own: UnitClaim, link: Partial<Anchor> = {}) {
  const claims = anchor.works.map((work, i) => (i === 1 ? { ...work, claim: knownClaim(own) } : work))
  const unsigned: Anchor = { ...anchor, ...link, works: claims }
  const works = await Promise.all(
    claims.map(async (work, i) => {
      const worker = network.workers[i] as ChainClient
      const signature = await signWork(worker, workMessage(unsigned, work, claims.length, claimsHash))
      return { ...work, signature, outer: await signWork(worker, outerMessage(unsigned, claims.length, claimsHash)) }
    }),
  )
  return { ...unsigned, works }
}

const otherStart = ({ job }: Stage): UnitClaim => ({ ...job.claim, replicaRoot: '7'.repeat(64) as never })

export const anchorCheats: readonly ProtocolCheat[] = [
  {
    name: 'equivocator',
    description:
      'signs two claims for one unit, a wrong and a right one, and takes back the wrong one when it is found',
    threat: 'it is paid twice, or answers for neither',
    async perform(stage) {
      const wrong = otherStart(stage)
      const disputed = await anchorClaim(stage, wrong)
      const { coordinator, challenger } = stage.parties
      const { anchor } = disputed
      const right = await withClaim(stage, anchor, stage.job.claim)
      return booked(stage, async () => {
        mustBeRefused(await anchorRound(coordinator, withClaims({ epoch: 1, ...right })), 'HeadMoved')
        const { head } = await readAnchors(coordinator, anchor.job)
        const again = { ...right, previousHead: head }
        mustBeRefused(await anchorRound(coordinator, withClaims({ epoch: 1, ...again })), 'WrongRound')
        await openBy(challenger, disputed)
        const { head: rewound } = await readAnchors(coordinator, anchor.job)
        mustBeRefused(
          await anchorRound(coordinator, withClaims({ epoch: 1, ...anchor, previousHead: rewound })),
          'ClaimLost',
        )
        mustBe(await anchorRound(coordinator, withClaims({ epoch: 1, ...right, previousHead: rewound })))
        const isHarmed = (await readAnchors(coordinator, anchor.job)).root !== anchor.globalRoot
        const end =
          'one claim a round: the other is refused; the wrong one is refuted, the right one bears a bond of its own'
        return { end, cheaters: ['worker'], isHarmed }
      })
    },
  },
  {
    name: 'coordinator-pays-itself',
    description: 'asserts earnings in which the unit of a worker is its own',
    threat: 'it is paid for the work of others',
    async perform(stage) {
      const { anchor } = await anchorClaim(stage, stage.job.claim)
      const { coordinator, neighbour, worker } = stage.parties
      const { job } = anchor
      return booked(stage, async () => {
        await stage.network.advance(CHALLENGE_SECONDS)
        mustBe(await finaliseRound(worker, anchor))
        const leavesWith = (trained: bigint) =>
          earningsTree([
            { job, account: accountOf(neighbour), counts: { ...noCounts, trained: 1n } },
            { job, account: accountOf(coordinator), counts: { ...noCounts, trained, coordinated: 1n } },
          ]).leaves
        const assertion = { job, epoch: 1, rounds: 1, isFinal: false }
        const tooMuch = await assertEarnings(coordinator, { ...assertion, leaves: leavesWith(2n) })
        mustBeRefused(tooMuch, 'TotalsExceedRounds')
        const leaves = leavesWith(1n)
        mustBe(await assertEarnings(coordinator, { ...assertion, leaves }))
        const account = accountOf(coordinator)
        mustBe(await countEarnings(worker, job, account, [anchor]))
        mustBe(await challengeEarnings(worker, { job, account, settled: [], pending: leaves }))
        const end =
          'more than the links pay for is refused; who asserts what another one earned loses its bond, and nothing is paid'
        return { end, cheaters: ['coordinator'], isHarmed: (await roundsOf(stage, anchor)) !== 1 }
      })
    },
  },
  {
    name: 're-rolls-the-beacon',
    description: 'anchors a round again, with other works and from another account, for a beacon that spares its unit',
    threat: 'its wrong unit is never drawn',
    async perform(stage) {
      const { claim } = await wrongElement(stage)
      const { anchor } = await anchorClaim(stage, claim)
      const { coordinator, accomplice } = stage.parties
      const other = await withClaim(stage, anchor, stage.job.claim)
      return booked(stage, async () => {
        const { job, round } = anchor
        const { head, blockNumber } = await readLink(coordinator, job, round)
        const beaconBlock = () => readBlock(coordinator, blockNumber + BigInt(localParameters.beaconBlocks))
        if ((await beaconBlock()) !== undefined) throw new Error('the block that draws was there before the link')
        mustBeRefused(await anchorRound(coordinator, withClaims({ epoch: 1, ...anchor })), 'HeadMoved')
        mustBeRefused(await anchorRound(coordinator, withClaims({ epoch: 1, ...other })), 'HeadMoved')
        mustBeRefused(await takeLease(accomplice, job), 'LeaseHeld')
        mustBe(await releaseLease(coordinator, job, 1))
        mustBe(await takeLease(accomplice, job))
        mustBeRefused(await anchorRound(accomplice, withClaims({ epoch: 1, ...other })), 'WrongEpoch')
        mustBeRefused(await anchorRound(accomplice, withClaims({ epoch: 2, ...other })), 'HeadMoved')
        mustBeRefused(await anchorRound(coordinator, withClaims({ epoch: 1, ...other })), 'NotLeaseHolder')
        const link = await readLink(coordinator, job, round)
        const { hash: blockHash } = (await beaconBlock())!
        const beaconOf = (of: HashHex) =>
          roundBeacon(sha256, { chainId: stage.chain.chainId, job, round, head: of, blockHash })
        if (beaconOf(anchorHead(other)) === beaconOf(head)) throw new Error('other works draw the same')
        const isSame = link.blockNumber === blockNumber && beaconOf(link.head) === beaconOf(head)
        const end = 'HeadMoved, LeaseHeld, WrongEpoch, NotLeaseHolder: the first link stands, its beacon with it'
        return { end, cheaters: ['coordinator', 'accomplice', 'worker'], isHarmed: !isSame }
      })
    },
  },
]
