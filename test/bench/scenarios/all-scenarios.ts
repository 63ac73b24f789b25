import type { Scenario } from '../scenario.js'
import { DOWNLOADS, UPLOADS } from './bodies.js'
import { CREDENTIALS } from './credentials.js'
import { PRICES } from './features.js'
import { FLOOD } from './flood.js'
import { IDLE, STARTS } from './fresh-starts.js'
import { POSTS, URLS } from './kinds-of-request.js'
import { PASSWORDS } from './logins.js'
import { LATENCY, PEERS } from './peers.js'
import { ROUTES } from './routes.js'
import { SESSIONS, STORES } from './stores.js'
import { TLS } from './tls.js'
import { LARGE_MESSAGES, SMALL_MESSAGES } from './websockets.js'
import { WORKERS } from './workers.js'

/** Everything that can be measured, in the order in which it is. */
export const ALL_SCENARIOS: readonly Scenario[] = [
  PEERS,
  LATENCY,
  ROUTES,
  CREDENTIALS,
  PRICES,
  POSTS,
  URLS,
  SMALL_MESSAGES,
  LARGE_MESSAGES,
  WORKERS,
  TLS,
  STORES,
  DOWNLOADS,
  UPLOADS,
  IDLE,
  STARTS,
  SESSIONS,
  PASSWORDS,
  FLOOD,
]
