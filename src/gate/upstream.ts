import type { Clock } from '../clock.js'
import { createBalance, type Lease, type Standing } from './balance.js'
import { startHealthChecks, type HealthCheckOptions } from './health-checks.js'
import { createWaits, type Waits } from './waits.js'
import { openAddress, type AddressOptions, type UpstreamAddress } from './upstream-address.js'

/** How the gateway reaches an app's upstream. */
export interface UpstreamOptions extends AddressOptions {
  /** `http://host:port` or `https://host:port` of each address; at least one, and all of one scheme. */
  readonly origins: readonly string[]
  /** True: the client's Host goes upstream (default). False: that of the address. */
  readonly passHost: boolean
  /** Undefined (default): addresses are not asked whether they are well. */
  readonly health: HealthCheckOptions | undefined
}

/** An upstream with its connections. */
export interface Upstream {
  readonly options: UpstreamOptions
  /** For whoever waits for its answers; `options.timeouts` says how long. */
  readonly waits: Waits
  /** Its addresses in one line. */
  readonly name: string
  /**
   * Takes the address that is best for a request.
   * @param tried what this request has been sent to already
   * @returns undefined: every address has been tried
   */
  readonly take: (tried: ReadonlySet<UpstreamAddress>) => Lease<UpstreamAddress> | undefined
  /** How each address stands at this moment. An only address without health checks is always `up`. */
  states(): readonly AddressState[]
  /** Ends the checks, and each connection with its last request. */
  close(): Promise<void>
  /** Ends the checks and all requests. */
  destroy(): Promise<void>
}

/** How one address of an upstream stands. */
export interface AddressState {
  readonly origin: string
  readonly standing: Standing
}

/** What an upstream takes from outside. */
export interface UpstreamSurroundings {
  readonly now: Clock
  /** Told when an address is ejected, begins to fail its checks, or is up again. */
  readonly onChange: (state: AddressState) => void
}

/** The addresses of an upstream in one line. */
export function describeUpstream({ origins }: Pick<UpstreamOptions, 'origins'>): string {
  return origins.join(', ')
}

/** Opens the pools of an upstream and begins its health checks. */
export function openUpstream(options: UpstreamOptions, { now, onChange }: UpstreamSurroundings): Upstream {
  const addresses = options.origins.map(origin => openAddress(origin, options))
  const balance = createBalance({
    addresses,
    now,
    onChange: ({ url }, standing) => onChange({ origin: url.origin, standing }),
  })
  const { health } = options
  const checks =
    health === undefined
      ? []
      : addresses.map(address =>
          startHealthChecks(address.dispatcher, address.url, health, isHealthy => {
            balance.checked(address, isHealthy)
          }),
        )
  const endChecks = (): void => {
    for (const end of checks) end()
  }
  const [first] = addresses
  return {
    options,
    waits: createWaits(),
    name: describeUpstream(options),
    take: addresses.length === 1 && first !== undefined ? takeOnly(first) : balance.take,
    states: () => {
      const standings = balance.standings()
      return addresses.map(({ url }, at) => ({ origin: url.origin, standing: standings[at] ?? 'up' }))
    },
    close: async () => {
      endChecks()
      await Promise.all(addresses.map(({ dispatcher }) => dispatcher.close()))
    },
    destroy: async () => {
      endChecks()
      await Promise.all(addresses.map(({ dispatcher }) => dispatcher.destroy()))
    },
  }
}

/** With one address there is nothing to choose, and nothing to count. */
function takeOnly(address: UpstreamAddress): Upstream['take'] {
  const lease = { address, answered: nothing, failed: nothing, release: nothing }
  return tried => (tried.has(address) ? undefined : lease)
}

function nothing(): void {
  // An only address is neither counted nor ejected.
}
