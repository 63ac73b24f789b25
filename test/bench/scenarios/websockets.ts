import { ROUND_TRIP, ROUND_TRIPS } from '../columns.js'
import { measureWebSockets } from '../measures/websockets.js'
import { nginxIsHere, startNginx } from '../peers/nginx.js'
import { type Scenario, scenario } from '../scenario.js'
import type { Subject } from '../subject.js'
import { startGateway } from '../subjects/gateway.js'
import { HTTP_PROXY, startNodeProxy } from '../subjects/node-proxy.js'

/** Small messages: what each costs by itself. */
export const SMALL_MESSAGES = messagesOf(100, 'websocket-100')
/** Large ones: what their bytes cost. */
export const LARGE_MESSAGES = messagesOf(16 * 1024, 'websocket-16k', 1)

function messagesOf(bytes: number, name: string, most?: number): Scenario {
  return scenario<Subject>({
    name,
    title: `WebSocket, messages of ${bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`} there and back`,
    columns: [ROUND_TRIP, ROUND_TRIPS],
    measure: measureWebSockets(bytes),
    subjects: [
      {
        ...HTTP_PROXY,
        title: '@fastify/http-proxy, bare, `websocket: true`',
        start: house => startNodeProxy('http-proxy-process', house, 'websocket'),
      },
      {
        name: 'gateway',
        title: 'Gatehouse, everything on',
        start: async house => fromItsOwnPages(await startGateway(house)),
      },
      {
        name: 'nginx',
        title: 'nginx `proxy_pass`, no authentication',
        isHere: nginxIsHere,
        start: house => startNginx(house, { hasWebSockets: true }),
      },
    ],
    comparisons: [
      {
        of: 'gateway',
        against: 'nginx',
        column: ROUND_TRIP,
        ...(most === undefined ? {} : { target: { most } }),
      },
      { of: 'gateway', against: 'http-proxy', column: ROUND_TRIP },
    ],
  })
}

/** A browser says which page opens a WebSocket, and the gateway looks at that. */
function fromItsOwnPages<Own extends Subject>(subject: Own): Own {
  const { target } = subject
  const headers = { ...target.headers, origin: `http://${target.headers.host ?? ''}` }
  return { ...subject, target: { ...target, headers } }
}
