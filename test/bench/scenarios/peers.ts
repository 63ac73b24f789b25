import { CPU, MEMORY, P50, P99, PER_SECOND } from '../columns.js'
import { measureLatency, measureRequests, warmAtFullSpeed } from '../measures/requests.js'
import { apacheIsHere, startApache, startApacheLogin } from '../peers/apache.js'
import { caddyIsHere, startCaddy, startCaddyAsking } from '../peers/caddy.js'
import { haproxyIsHere, startHaproxy } from '../peers/haproxy.js'
import { nginxIsHere, startNginx, startNginxAsking } from '../peers/nginx.js'
import { scenario, type SubjectKind } from '../scenario.js'
import type { Subject } from '../subject.js'
import { startAskedGateway, startFastify, startForwardAuth } from '../subjects/forward-auth.js'
import { gatewaySubject } from '../subjects/gateway.js'
import { HTTP_PROXY, startNodeProxy } from '../subjects/node-proxy.js'

/** Hashes a password with every request, and takes no thousand of them a second. */
const LOGS_IN_EACH_TIME = 'apache-login'

/** The gateway, everything else that could stand there, and where forward-auth stands. */
const SUBJECTS: readonly SubjectKind<Subject>[] = [
  HTTP_PROXY,
  {
    name: 'dispatch',
    title: 'Node `http` and undici `dispatch`: no router, no authentication, no logger',
    start: house => startNodeProxy('dispatch-process', house),
  },
  gatewaySubject(
    'gateway',
    'Gatehouse: session with second factor, 41 routes, groups, identity headers, signed assertion',
  ),
  {
    name: 'nginx',
    title: 'nginx `proxy_pass`, no authentication',
    isHere: nginxIsHere,
    start: house => startNginx(house),
  },
  { name: 'haproxy', title: 'HAProxy, no authentication', isHere: haproxyIsHere, start: startHaproxy },
  {
    name: 'caddy',
    title: 'Caddy `reverse_proxy`, no authentication',
    isHere: caddyIsHere,
    start: startCaddy,
  },
  {
    name: 'caddy-asking',
    title: 'Caddy with `forward_auth` to a trivial endpoint, Caddy alone',
    isHere: caddyIsHere,
    start: startCaddyAsking,
  },
  {
    name: 'apache',
    title: 'Apache `mod_proxy`, no authentication',
    isHere: apacheIsHere,
    start: startApache,
  },
  {
    name: LOGS_IN_EACH_TIME,
    title: 'Apache with mod_auth_form and mod_session_crypto, bcrypt of cost 5',
    isHere: apacheIsHere,
    start: startApacheLogin,
  },
  { name: 'fastify', title: 'Fastify `/auth/verify`: an empty 200', start: startFastify },
  {
    name: 'forward-auth',
    title: 'Gatehouse `/auth/verify`: the same policy, asked as nginx asks',
    start: startForwardAuth,
  },
  {
    name: 'nginx-asking',
    title: 'nginx `auth_request` and Gatehouse, both together',
    isHere: nginxIsHere,
    start: async house => startNginxAsking(house, await startAskedGateway(house, 'asked')),
  },
]

/** What each costs. */
export const PEERS = scenario<Subject>({
  name: 'peers',
  title: 'GET of 1 KB, beside what else could stand there',
  columns: [CPU, PER_SECOND, MEMORY],
  measure: measureRequests,
  subjects: SUBJECTS,
  comparisons: [
    { of: 'gateway', against: 'http-proxy', column: CPU, target: { most: 0.55 } },
    { of: 'gateway', against: 'dispatch', column: CPU, target: { most: 1.15 } },
    { of: 'gateway', against: 'nginx', column: CPU, target: { most: 4.5 } },
    { of: 'gateway', against: 'haproxy', column: CPU },
    { of: 'gateway', against: 'apache', column: CPU },
    { of: 'gateway', against: LOGS_IN_EACH_TIME, column: CPU },
    { of: 'gateway', against: 'caddy', column: CPU, target: { most: 0.65 } },
    { of: 'gateway', against: 'caddy-asking', column: CPU, target: { most: 0.25 } },
    { of: 'nginx-asking', against: 'nginx', column: CPU, target: { most: 3.5 } },
    { of: 'forward-auth', against: 'fastify', column: CPU, target: { most: 1.4 } },
  ],
})

/** How long each takes, far from what it can do. */
export const LATENCY = scenario<Subject>({
  name: 'latency',
  title: 'GET of 1 KB, at a fixed rate',
  columns: [P99, P50],
  measure: measureLatency(({ rate }) => rate),
  warm: warmAtFullSpeed,
  usual: { rounds: 6, seconds: 2 },
  subjects: SUBJECTS.filter(({ name }) => name !== LOGS_IN_EACH_TIME),
  comparisons: [
    { of: 'gateway', against: 'http-proxy', column: P99, target: { most: 0.5 } },
    { of: 'gateway', against: 'dispatch', column: P99 },
    { of: 'gateway', against: 'nginx', column: P99 },
  ],
})
