import { setTimeout as sleep } from 'node:timers/promises'
import { type TotpParameters, USUAL_TOTP } from '../../src/factors/totp-code.js'
import { totpCode } from '../harness/authenticator.js'
import type { TestClock } from '../harness/gateway.js'

/** Somebody's phone with an authenticator app that knows one key. */
export interface Phone {
  /** A code that was never given before and that the gateway takes for the next five seconds at least. */
  readonly nextCode: () => Promise<string>
}

const STEP = 30_000
/** How long a code has to be good after it was read off, in milliseconds. */
const TIME_TO_TYPE = 5_000

/**
 * Makes a phone whose codes are computed by oathtool. The gateway takes this step's code and the one before, each
 * once, so two codes are there at any time; a third one is waited for, since a gateway that runs as a process keeps
 * the time of the machine.
 * @param key the Base32 key of the enrolment page
 */
export function createPhone(key: string): Phone {
  let last = 0
  return {
    nextCode: async () => {
      const now = Date.now()
      const oldest = Math.floor((now + TIME_TO_TYPE) / STEP) - 1
      last = Math.max(last + 1, oldest)
      if (last * STEP > now) await sleep(last * STEP - now)
      return totpCode(key, last * STEP)
    },
  }
}

/** The same beside a gateway whose clock can be moved: it is moved by a step where a code was given already. */
export function createQuickPhone(
  key: string,
  clock: TestClock,
  parameters: TotpParameters = USUAL_TOTP,
): Phone {
  const period = parameters.period * 1000
  const step = (): number => Math.floor(clock.now() / period)
  let last = 0
  return {
    nextCode: () => {
      if (step() <= last) clock.advance((last + 1) * period - clock.now())
      last = step()
      return Promise.resolve(totpCode(key, clock.now(), parameters))
    },
  }
}
