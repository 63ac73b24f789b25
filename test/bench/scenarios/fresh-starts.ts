import { IDLE_MEMORY, MEMORY, START } from '../columns.js'
import { measureIdle, measureStart, startedAnew, type StartAnew } from '../measures/fresh-starts.js'
import { nginxIsHere, startNginx } from '../peers/nginx.js'
import { scenario, type SubjectKind } from '../scenario.js'
import { startGateway } from '../subjects/gateway.js'
import { HTTP_PROXY } from '../subjects/node-proxy.js'

/** Connections to the app, beside those of clients. */
const TO_THE_APP = 1_000

const SUBJECTS: readonly SubjectKind<StartAnew>[] = [
  startedAnew(HTTP_PROXY, HTTP_PROXY.start),
  startedAnew({ name: 'gateway', title: 'Gatehouse, everything on' }, (house, times) =>
    startGateway(house, { name: `gateway-${times}` }),
  ),
  startedAnew(
    { name: 'nginx', title: 'nginx `proxy_pass`, no authentication', isHere: nginxIsHere },
    (house, times) =>
      startNginx(house, { name: `nginx-${times}`, connections: house.options.idle + TO_THE_APP }),
  ),
]

/** How long nobody is served. Each round is a start of its own. */
export const STARTS = scenario<StartAnew>({
  name: 'start',
  title: 'From the start to the first answer',
  columns: [START, MEMORY],
  measure: measureStart,
  usual: { rounds: 3, seconds: 1 },
  subjects: SUBJECTS,
  comparisons: [{ of: 'gateway', against: 'http-proxy', column: START }],
})

/** What people who only keep a page open cost. Each round is a start of its own. */
export const IDLE = scenario<StartAnew>({
  name: 'idle',
  title: 'Connections that had one answer and wait',
  columns: [IDLE_MEMORY, MEMORY],
  measure: measureIdle,
  usual: { rounds: 1, seconds: 1 },
  subjects: SUBJECTS,
  comparisons: [
    { of: 'gateway', against: 'http-proxy', column: IDLE_MEMORY },
    { of: 'gateway', against: 'nginx', column: IDLE_MEMORY },
  ],
})
