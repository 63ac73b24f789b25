import { CPU_PER_MEGABYTE, MEGABYTES } from '../columns.js'
import type { Direction } from '../load/transfer.js'
import { measureBodies } from '../measures/bodies.js'
import { nginxIsHere, startNginx } from '../peers/nginx.js'
import { type Scenario, scenario } from '../scenario.js'
import type { Subject } from '../subject.js'
import { gatewaySubject } from '../subjects/gateway.js'
import { HTTP_PROXY } from '../subjects/node-proxy.js'

/** Answers of 100 MB. */
export const DOWNLOADS = bodies('down')
/** Requests of 100 MB. */
export const UPLOADS = bodies('up')

function bodies(direction: Direction): Scenario {
  return scenario<Subject>({
    name: `body-${direction}`,
    title: `100 MB ${direction === 'down' ? 'from the app to the client' : 'from the client to the app'}`,
    columns: [CPU_PER_MEGABYTE, MEGABYTES],
    measure: measureBodies(direction),
    subjects: [
      HTTP_PROXY,
      gatewaySubject('gateway', 'Gatehouse, everything on'),
      {
        name: 'nginx',
        title: 'nginx `proxy_pass`, no authentication',
        isHere: nginxIsHere,
        start: house => startNginx(house),
      },
    ],
    comparisons: [
      { of: 'gateway', against: 'http-proxy', column: CPU_PER_MEGABYTE },
      { of: 'gateway', against: 'nginx', column: CPU_PER_MEGABYTE },
    ],
  })
}
