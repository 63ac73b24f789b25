import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { P50, P99 } from '../columns.js'
import { measureLatency, warmAtFullSpeed } from '../measures/requests.js'
import { startModule } from '../processes.js'
import { type House, scenario } from '../scenario.js'
import { type Gateway, startGateway } from '../subjects/gateway.js'

/** Proxied requests a second: an app in use, far from what the gateway can do. */
const PROXIED_RATE = 100
/** Until the queue of logins is full, in seconds. */
const FLOODED_AFTER = 0.5

interface Flooded {
  readonly gateway: Gateway
  /** Strangers who come when they are told; undefined: none. */
  readonly strangers: ChildProcess | undefined
}

/** What proxied requests feel of a flood of logins. */
export const FLOOD = scenario<Flooded>({
  name: 'flood',
  title: 'Proxied requests, 100 a second, beside a flood of logins',
  columns: [P99, P50],
  measure: flooded => {
    const measure = measureLatency(() => PROXIED_RATE)(flooded.gateway)
    return async options => {
      await tell(flooded, 'begin')
      await measure({ ...options, seconds: FLOODED_AFTER })
      const reading = await measure(options)
      await tell(flooded, 'end')
      return reading
    }
  },
  warm: ({ gateway }, options) => warmAtFullSpeed(gateway, options),
  usual: { rounds: 4, seconds: 4 },
  subjects: [
    { name: 'quiet', title: 'Gatehouse: nobody logs in', start: house => start(house, 'quiet') },
    {
      name: 'flooded',
      title: 'Gatehouse: strangers log in, as many a second as `--flood` says',
      start: house => start(house, 'flooded'),
    },
  ],
  comparisons: [{ of: 'flooded', against: 'quiet', column: P99, target: { most: 2 } }],
})

async function start(house: House, name: 'quiet' | 'flooded'): Promise<Flooded> {
  // Each stranger comes from an address of its own, so that it is the work of hashing that is bounded and not a client.
  const gateway = await startGateway(house, { name, settings: { trusted_proxies: ['127.0.0.1/32'] } })
  if (name === 'quiet') return { gateway, strangers: undefined }
  const words = [String(gateway.target.port), String(house.options.flood)]
  return { gateway, strangers: (await startModule('flood-process', 'others', words)).child }
}

/** After the end, nobody waits for an answer any more: what is measured next has the machine for itself. */
async function tell({ strangers }: Flooded, what: 'begin' | 'end'): Promise<void> {
  if (strangers === undefined) return
  const done = once(strangers, 'message')
  strangers.send(what)
  if (what === 'end') await done
}
