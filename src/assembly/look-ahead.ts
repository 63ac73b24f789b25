import { canonicalise } from '../access/canonicalise.js'
import { decide } from '../access/decide.js'
import type { Policy } from '../access/policy.js'
import type { Clock } from '../clock.js'
import type { PublicUrl } from '../config/gateway-config.js'
import type { LookAhead } from '../login/continue-login.js'

/**
 * Asks the one decision about the address after a login, so that nobody has to show more than it takes. The gateway's own
 * pages are no app's, whatever the routes on their host say.
 * @param policy gives the policy of this moment
 */
export function createLookAhead(publicUrl: PublicUrl, policy: () => Policy, now: Clock): LookAhead {
  const nowhere = { opens: false, stepUp: undefined }
  return (identity, returnTo, address) => {
    if (!URL.canParse(returnTo, publicUrl.origin)) return nowhere
    const { host, pathname, search } = new URL(returnTo, publicUrl.origin)
    const { leniencies, isOwn, routes } = policy()
    const reading = canonicalise(
      { method: 'GET', target: pathname + search, host, asksPreflight: false },
      leniencies,
    )
    if (!reading.ok || isOwn(reading.request)) return nowhere
    const match = routes.find(reading.request, address)
    const opens = decide(reading.request, match, identity, now()).effect === 'allow'
    return { opens, stepUp: match?.route.stepUp }
  }
}
