import t from 'tap'
import { delayAfter, SECOND_FACTOR_LIMITS } from '../../src/login/lockout-limits.js'
import { noAuthenticator, totpCode } from '../harness/authenticator.js'
import type { Ask } from './all-ways-gateway.js'
import { begin, NO_PROCESS, PROCESSES, startProcesses, type Waiting } from './gateway-processes.js'

const GUESSES = 600
/** Tries at the password that are under way count, too: this many at once wait for nothing. */
const AT_ONCE = 4

/** Most tries at a second factor that are looked at within so many milliseconds. */
function mostTries(lasted: number): number {
  let tries = 0
  for (let at = 0; at <= lasted; at += delayAfter(tries, SECOND_FACTOR_LIMITS)) tries++
  return tries
}

const name = `f4, f5, f6: ${GUESSES} wrong codes from ${GUESSES} addresses at ${PROCESSES} processes are tries at one count`
await t.test(name, { skip: noAuthenticator }, async t => {
  const { asks, totpKey } = await startProcesses(t)
  const now = () => Date.now()
  const codes = [-1, 0, 1, 2].map(steps => totpCode(totpKey, now() + steps * 30_000))
  const wrong = ['000000', '111111', '222222', '333333', '444444'].find(code => !codes.includes(code)) ?? ''
  const verify = async (ask: Ask, { challenge, cookies }: Waiting, code: string): Promise<string> => {
    const { status, json } = await ask('/auth/mfa/verify', {
      json: { challenge, factor: 'totp', code },
      cookies,
    })
    return `${status} ${String(json.reason)}`
  }

  const answers: Promise<string>[] = []
  let begun = 0
  const began = performance.now()
  // The password anew for each, and each code as soon as its login waits for it.
  const guess = async (): Promise<void> => {
    while (begun < GUESSES) {
      const ask = asks[begun % asks.length] ?? NO_PROCESS
      const mode = begun++ % 2 === 0 ? 'session' : 'token'
      const login = await begin(ask, mode)
      answers.push(verify(asks[begun % asks.length] ?? NO_PROCESS, login, wrong))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, guess))
  const told = await Promise.all(answers)
  const lasted = performance.now() - began
  const counts = new Map<string, number>()
  for (const answer of told) counts.set(answer, (counts.get(answer) ?? 0) + 1)
  t.comment(Object.fromEntries(counts), `in ${Math.round(lasted)} ms`)
  t.equal(told.length, GUESSES)
  t.same([...counts.keys()].sort(), ['401 wrong_code', '429 too_many_tries'])
  const most = mostTries(lasted)
  t.ok((counts.get('401 wrong_code') ?? 0) <= most, `at most ${most} are looked at`)
  const [here = NO_PROCESS] = asks
  const right = await verify(here, await begin(here, 'session'), totpCode(totpKey, now()))
  t.equal(right, '429 too_many_tries', 'and the right one comes too late')
})
