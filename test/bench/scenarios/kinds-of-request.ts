import { CPU, PER_SECOND } from '../columns.js'
import type { Target } from '../load/target.js'
import { measureRequests } from '../measures/requests.js'
import { nginxIsHere, startNginx } from '../peers/nginx.js'
import { type Scenario, scenario, type SubjectKind } from '../scenario.js'
import type { Subject } from '../subject.js'
import { gatewaySubject } from '../subjects/gateway.js'
import { HTTP_PROXY } from '../subjects/node-proxy.js'

const COUNT = 5_000

/** Whether more addresses than anybody keeps ready cost more. */
export const URLS = asking('urls', 'GET of 1 KB, 5000 addresses in turn', {
  paths: Array.from({ length: COUNT }, (_, number) => `/reports/2026/${number}?page=${number % 7}`),
})

/** Requests that carry something. */
export const POSTS = asking('post', 'POST of 1 KB, answered by 1 KB', {
  method: 'POST',
  body: 'x'.repeat(1024),
})

/** The gateway beside the bare plug-in and nginx, each asked in this way. */
function asking(name: string, title: string, changes: Partial<Target>): Scenario {
  const subjects: readonly SubjectKind<Subject>[] = [
    HTTP_PROXY,
    gatewaySubject('gateway', 'Gatehouse, everything on'),
    {
      name: 'nginx',
      title: 'nginx `proxy_pass`, no authentication',
      isHere: nginxIsHere,
      start: house => startNginx(house),
    },
  ]
  return scenario<Subject>({
    name,
    title,
    columns: [CPU, PER_SECOND],
    measure: subject => measureRequests({ ...subject, target: { ...subject.target, ...changes } }),
    subjects,
    comparisons: [
      { of: 'gateway', against: 'http-proxy', column: CPU, target: { most: 0.55 } },
      { of: 'gateway', against: 'nginx', column: CPU, target: { most: 4.5 } },
    ],
  })
}
