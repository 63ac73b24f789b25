import { canonicalise } from './access/canonicalise.js'
import type { PathLeniency } from './access/canonicalise.js'
import { decide } from './access/decide.js'
import type { Identity } from './access/identity.js'
import type { RouteTable } from './access/route-table.js'
import type { Clock } from './clock.js'
import type { GatewayConfig } from './config/gateway-config.js'

/** Tells whether the page somebody is going to would open with what they have shown so far. */
export type Opens = (identity: Identity, returnTo: string, address: string) => boolean

/** Asks the one decision about the address after a login, so that nobody has to show more than it takes. */
export function createOpens(
  { publicUrl }: Pick<GatewayConfig, 'publicUrl'>,
  leniencies: (host: string) => readonly PathLeniency[],
  routes: RouteTable,
  now: Clock,
): Opens {
  return (identity, returnTo, address) => {
    if (!URL.canParse(returnTo, publicUrl.origin)) return false
    const { host, pathname, search } = new URL(returnTo, publicUrl.origin)
    const reading = canonicalise(
      { method: 'GET', target: pathname + search, host, asksPreflight: false },
      leniencies,
    )
    if (!reading.ok) return false
    const match = routes.find(reading.request, address)
    return decide(reading.request, match, identity, now()).effect === 'allow'
  }
}
