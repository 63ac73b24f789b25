import { totpCode } from '../harness/authenticator.js'
import { SECOND, type TestGateway } from '../harness/gateway.js'

/** Somebody's authenticator app. */
export interface Phone {
  /** The next code. Moves the clock by a step where one was used already. */
  code: () => string
}

/** Keys by gateway and user, so that a second browser of a user can log in as well. */
const apps = new WeakMap<TestGateway, Map<string, { readonly key: string; lastStep: number }>>()

/**
 * The app of a user.
 * @param key what the page for setting it up has shown; without it, the app that the user has
 */
export function createPhone(gateway: TestGateway, user: string, key?: string): Phone {
  const known = apps.get(gateway) ?? new Map<string, { readonly key: string; lastStep: number }>()
  apps.set(gateway, known)
  const app = key === undefined ? known.get(user) : { key, lastStep: 0 }
  if (app === undefined) throw new Error(`${user} has no authenticator app yet`)
  if (!known.has(user)) known.set(user, app)
  const step = (): number => Math.floor(gateway.clock.now() / (30 * SECOND))
  return {
    code: () => {
      if (step() <= app.lastStep) gateway.clock.advance((app.lastStep + 1 - step()) * 30 * SECOND)
      app.lastStep = step()
      return totpCode(app.key, gateway.clock.now())
    },
  }
}
