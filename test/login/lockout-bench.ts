import { randomBytes } from 'node:crypto'
import type { OpenSession } from '../../src/credentials/session-record.js'
import { createKnownBrowsers, type KnownBrowsers } from '../../src/login/known-browsers.js'
import type { Attempt } from '../../src/login/attempt.js'
import { createLockout, type Lockout } from '../../src/login/lockout.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import type { Store } from '../../src/store/store.js'

/** The middle of a minute, so that the first few tries fall into one. */
const START = Date.UTC(2026, 10, 22, 0, 0, 10)

/** A lockout over one memory store, with a clock that stands still. */
export interface LockoutBench {
  readonly time: { now: number }
  readonly store: Store
  readonly knownBrowsers: KnownBrowsers
  readonly lockout: Lockout
  /** A new lockout on the same store: another process, or this one after a restart. */
  process(): Lockout
  /** Has somebody log in to the end in a browser. @returns its token */
  meet(subject: string, browserToken?: string): Promise<string>
  /** Another address for each try. */
  readonly address: () => string
  /** Fails as often as that, each time as early as allowed and from another address, unless it is locked before. */
  fail(attempt: Attempt, times: number): Promise<number>
}

export function lockoutBench(): LockoutBench {
  const time = { now: START }
  const now = (): number => time.now
  const store = createMemoryStore({ now })
  const knownBrowsers = createKnownBrowsers({ store, now, random: randomBytes })
  const process = (): Lockout => createLockout({ store, now, knownBrowsers })
  const lockout = process()
  let addresses = 0
  const address = (): string => {
    addresses++
    return `10.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`
  }
  return {
    time,
    store,
    knownBrowsers,
    lockout,
    process,
    address,
    meet: async (subject, browserToken) => {
      const client = { address: address(), userAgent: 'a browser', requestId: 'request', browserToken }
      const met = await knownBrowsers.meet(wholeSession(subject), client)
      if (met === undefined) throw new Error('the browser was not met')
      return met.token
    },
    fail: async (attempt, times) => {
      let done = 0
      while (done < times) {
        const permission = await lockout.begin({ ...attempt, address: address() })
        if (permission.outcome === 'allowed') done++
        else if (permission.outcome === 'throttled') time.now += permission.retryAfter * 1000
        else return done
      }
      return done
    },
  }
}

/** A session in a cookie, of a password and a code. */
export function wholeSession(subject: string, more: Partial<OpenSession['record']> = {}): OpenSession {
  const proofs = [
    { method: 'password', at: START },
    { method: 'totp', at: START },
  ] as const
  const record = {
    subject,
    proofs,
    carrier: 'cookie',
    hasSecondFactor: true,
    ...more,
  } as OpenSession['record']
  return { id: 'id', record }
}
