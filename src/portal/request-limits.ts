import type { RateLimitPluginOptions } from '@fastify/rate-limit'
import { addressPrefix } from '../access/address-prefix.js'
import type { Visits } from './visit.js'

/** Requests per client address and minute, over all addresses of the portal. Guesses are counted apart, in `login/`. */
const REQUESTS_A_MINUTE = 300
/** The same for a backend, by its API token: it asks for all of its users from one address. */
const BACKEND_REQUESTS_A_MINUTE = 6000
const BACKEND = 'backend:'

/** More requests than one client may send. Nobody has looked at it. */
export class TooManyRequests extends Error {
  /** @param retryAfter seconds */
  constructor(readonly retryAfter: number) {
    super('too many requests')
  }
}

/**
 * How @fastify/rate-limit guards the doors of the portal as a whole: each process by itself, by IPv4 address or IPv6
 * /64. Every answer carries `RateLimit-Limit`, `-Remaining` and `-Reset` (draft-ietf-httpapi-ratelimit-headers-07);
 * they tell of the client alone, and never of an account. Beyond the limit, the request fails with `TooManyRequests`.
 */
export function requestLimits(visits: Visits): RateLimitPluginOptions {
  return {
    enableDraftSpec: true,
    timeWindow: 60_000,
    max: (_request, key) => (key.startsWith(BACKEND) ? BACKEND_REQUESTS_A_MINUTE : REQUESTS_A_MINUTE),
    keyGenerator: async request => {
      const visit = visits.of(request)
      const backend = await visits.backend(visit)
      return backend === undefined
        ? addressPrefix(visit.client.address)
        : `${BACKEND}${backend.sessionReference}`
    },
    errorResponseBuilder: (_request, { ttl }) => new TooManyRequests(Math.ceil(ttl / 1000)),
  }
}
