import t from 'tap'
import { noRedis } from '../harness/redis.js'
import { ALL_FAULTS } from './all-faults.js'
import { runFault } from './run-fault.js'

/*
 * The short form of the run of main.ts: a few faults that are quick, with one gateway at a tenth of the rate, so that a
 * busy machine keeps up.
 */
const QUICK: readonly { readonly name: string; readonly skip?: string | false }[] = [
  { name: 'Redis: killed and started again', skip: noRedis },
  { name: 'Gateway: kill -9 of the only one' },
  { name: 'App: resets connections' },
]

for (const { name, skip = false } of QUICK)
  await t.test(`in the middle of traffic: ${name}`, { skip }, async t => {
    const fault = ALL_FAULTS.find(one => one.name === name)
    if (fault === undefined) throw new Error(`there is no such fault: ${name}`)
    const alone = { ...fault, plan: { ...fault.plan, gateways: 1 } } as const
    const outcome = await runFault(alone, { rate: 50, before: 500, lasts: 1_500, after: 500 })
    t.equal(outcome.wrongAllows, 0, 'nobody gets in who may not')
    t.equal(outcome.codesTwice, 0, 'no code is good twice')
    t.equal(outcome.refreshTwice, 0, 'no refresh token is good twice')
    t.equal(outcome.lostEnrolments, 0, 'whoever was enrolled still is')
    t.same(outcome.unhandled, [])
    t.ok(outcome.confirmed >= 3 && outcome.accepted >= 15, 'people were at it')
    t.not(outcome.recovered, undefined, 'it recovers by itself')
    t.comment(JSON.stringify(outcome))
  })
