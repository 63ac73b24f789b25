import { CPU, PER_SECOND } from '../columns.js'
import type { Target } from '../load/target.js'
import { measureRequests } from '../measures/requests.js'
import { makeCertificate, opensslIsHere } from '../peers/certificate.js'
import { nginxIsHere, startNginx } from '../peers/nginx.js'
import { type House, scenario, type SubjectKind } from '../scenario.js'
import type { Subject } from '../subject.js'
import { gatewaySubject, startGateway } from '../subjects/gateway.js'

type Protocol = NonNullable<Target['protocol']>

/** What TLS and HTTP/2 to the client cost, on connections that are kept. */
export const TLS = scenario<Subject>({
  name: 'tls',
  title: 'https and HTTP/2 to the client',
  columns: [CPU, PER_SECOND],
  measure: measureRequests,
  subjects: [
    gatewaySubject('http', 'Gatehouse: http'),
    secureGateway('https', 'Gatehouse: https, HTTP/1.1', 'https'),
    secureGateway('h2', 'Gatehouse: https, HTTP/2', 'h2'),
    secureNginx('nginx-https', 'nginx: https, HTTP/1.1, no authentication', 'https'),
    secureNginx('nginx-h2', 'nginx: https, HTTP/2, no authentication', 'h2'),
  ],
  comparisons: [
    { of: 'https', against: 'http', column: CPU },
    { of: 'h2', against: 'https', column: CPU },
    { of: 'https', against: 'nginx-https', column: CPU },
    { of: 'h2', against: 'nginx-h2', column: CPU },
  ],
})

function secureGateway(name: string, title: string, protocol: Protocol): SubjectKind<Subject> {
  return {
    name,
    title,
    isHere: opensslIsHere,
    start: async house => {
      const tls = { ...makeCertificate(house.folder, name), http2: protocol === 'h2' }
      return speaking(protocol, await startGateway(house, { name, settings: { tls } }))
    },
  }
}

function secureNginx(name: string, title: string, protocol: Protocol): SubjectKind<Subject> {
  return {
    name,
    title,
    isHere: () => opensslIsHere() && nginxIsHere(),
    start: async (house: House) =>
      speaking(protocol, await startNginx(house, { name, tls: makeCertificate(house.folder, name) })),
  }
}

function speaking(protocol: Protocol, subject: Subject): Subject {
  return { ...subject, target: { ...subject.target, protocol } }
}
