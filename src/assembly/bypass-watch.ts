import type { Logger } from 'pino'
import { accessNow } from '../access/decide.js'
import type { Route } from '../access/route.js'
import type { Clock } from '../clock.js'
import type { AppConfig } from '../config/gateway-config.js'

const DAY = 86_400_000
/** How long before its end a bypass is told of, once a day. */
const TOLD_BEFORE = 14 * DAY

/** Tells of the routes that skip the second factor for a time only. */
export interface BypassWatch {
  /** Looks at the routes of this moment. What was told today is not told again. */
  look(): void
  /** The `bypassed` routes that have an `until`. */
  timeBoxed(): readonly Route[]
}

/** Makes the watch. @param apps gives the apps of this moment */
export function createBypassWatch(options: {
  readonly apps: () => readonly AppConfig[]
  readonly log: Logger
  readonly now: Clock
}): BypassWatch {
  const { apps, log, now } = options
  const told = new Map<string, string>()
  const timeBoxed = (): readonly Route[] =>
    apps().flatMap(({ policy }) =>
      policy.routes.filter(({ access, until }) => access === 'bypassed' && until !== undefined),
    )

  return {
    timeBoxed,
    look: () => {
      for (const route of timeBoxed()) {
        const { name, reason, until = 0 } = route
        const isOver = accessNow(route, now()) === 'required'
        if (!isOver && until - now() > TOLD_BEFORE) continue
        const days = Math.ceil((until - now()) / DAY)
        const state = `${until} ${isOver ? 'over' : days}`
        if (told.get(name) === state) continue
        told.set(name, state)
        const facts = { route: name, reason, until: new Date(until).toISOString() }
        if (isOver)
          log.warn(facts, 'the bypass is over: this route is required now (login and second factor)')
        else log.warn({ ...facts, days }, 'the bypass ends soon: this route will be required then')
      }
    },
  }
}
