import type { Clock } from '../clock.js'
import type { Store } from '../store/store.js'
import type { UpstreamState } from './live-config.js'

/** Finds out whether the gateway can do its work. */
export interface Health {
  /** Whether the store answers. Never rejects, and is answered within half a second. */
  storeAnswers(): Promise<boolean>
  /** Whether each upstream has an address that is well; always true where that is not asked for. */
  upstreamsAnswer(): boolean
  /** How the certificate stands that the gateway serves. */
  certificate(): CertificateState
}

/** `none`: the gateway serves no https itself. `ends_soon`: within two weeks. */
export type CertificateState = 'none' | 'valid' | 'ends_soon' | 'ended'

export interface HealthOptions {
  readonly store: Pick<Store, 'get'>
  readonly now: Clock
  /** Milliseconds since any fixed moment, never going back. */
  readonly elapsed: Clock
  /** When the certificate ends, in milliseconds since the epoch; undefined: none is served. */
  readonly certificateExpiry: () => number | undefined
  /** How the upstreams stand that must be well; undefined: none must. */
  readonly upstreams: (() => readonly UpstreamState[]) | undefined
}

/** How long the store may take, in milliseconds: who asks gives up after a second or so. */
const PATIENCE = 500
/** For how long an answer of the store holds, in milliseconds: anybody may ask as often as they like. */
const HOLDS = 1_000
/** How early an end is told, in milliseconds: certificates for three months are renewed a month before theirs. */
const SOON = 14 * 86_400_000

/** Makes the check. */
export function createHealth(options: HealthOptions): Health {
  const { store, now, elapsed, certificateExpiry, upstreams } = options
  let asked: { readonly at: number; readonly answer: Promise<boolean> } | undefined

  return {
    storeAnswers() {
      if (asked === undefined || elapsed() - asked.at >= HOLDS)
        asked = { at: elapsed(), answer: answersInTime(store) }
      return asked.answer
    },
    upstreamsAnswer: () =>
      upstreams === undefined ||
      upstreams().every(({ addresses }) => addresses.some(({ standing }) => standing === 'up')),
    certificate() {
      const left = (certificateExpiry() ?? Infinity) - now()
      if (left === Infinity) return 'none'
      if (left <= 0) return 'ended'
      return left < SOON ? 'ends_soon' : 'valid'
    },
  }
}

/** Reads a record that is not there: that is a whole read all the same. */
async function answersInTime(store: Pick<Store, 'get'>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(() => {
      resolve(false)
    }, PATIENCE)
  })
  const read = store.get({ kind: 'signing_key', id: 'ready' }).then(
    () => true,
    () => false,
  )
  const answer = await Promise.race([read, late])
  clearTimeout(timer)
  return answer
}
