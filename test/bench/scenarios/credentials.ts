import { CPU, PER_SECOND } from '../columns.js'
import { measureRequests } from '../measures/requests.js'
import { type House, scenario } from '../scenario.js'
import type { Subject } from '../subject.js'
import { gatewaySubject, makeApiToken, routes, startGateway } from '../subjects/gateway.js'

const SCOPE = 'reports:read'
/** As long as the bench may take. */
const LONG_TOKENS = { access: '1h' }

/** The usual routes, of which the last also takes API tokens, and a public one. */
const ROUTES = [
  ...routes(40),
  { path: '/public/**', access: 'public' },
  { path: '/exports/**', access: 'required', groups: ['ops'], tokens: [SCOPE] },
]

const SETTINGS = { routes: ROUTES, tokens: LONG_TOKENS }

/** What each kind of credential costs, beside a request that needs none. */
export const CREDENTIALS = scenario<Subject>({
  name: 'credentials',
  title: 'Kinds of credential',
  columns: [CPU, PER_SECOND],
  measure: measureRequests,
  subjects: [
    { name: 'public', title: 'Gatehouse: a public route, nobody logged in', start: startPublic },
    gatewaySubject('session', 'Gatehouse: a session cookie', { settings: SETTINGS }),
    gatewaySubject('bearer', 'Gatehouse: an access token as Bearer', { settings: SETTINGS, mode: 'token' }),
    { name: 'api-token', title: 'Gatehouse: an API token as Bearer', start: startWithApiToken },
    { name: 'refused', title: 'Gatehouse: nobody, who is sent to the login', start: startRefusing },
  ],
  comparisons: [
    { of: 'session', against: 'public', column: CPU, as: 'difference', target: { most: 3 } },
    { of: 'bearer', against: 'session', column: CPU },
    { of: 'api-token', against: 'session', column: CPU },
    { of: 'refused', against: 'session', column: CPU },
  ],
})

async function startPublic(house: House): Promise<Subject> {
  const gateway = await startGateway(house, { name: 'public', settings: SETTINGS })
  const { host = '' } = gateway.target.headers
  return {
    ...gateway,
    target: { ...gateway.target, path: '/public/2026', headers: { host, cookie: 'theme=dark' } },
  }
}

async function startWithApiToken(house: House): Promise<Subject> {
  const gateway = await startGateway(house, { name: 'api-token', settings: SETTINGS })
  const { host = '' } = gateway.target.headers
  const headers = {
    host,
    cookie: 'theme=dark',
    authorization: `Bearer ${makeApiToken(gateway, SCOPE)}`,
  }
  return { ...gateway, target: { ...gateway.target, path: '/exports/2026', headers } }
}

async function startRefusing(house: House): Promise<Subject> {
  const gateway = await startGateway(house, { name: 'refused', settings: SETTINGS })
  const { host = '' } = gateway.target.headers
  return { ...gateway, target: { ...gateway.target, headers: { host, cookie: 'theme=dark' }, status: 302 } }
}
