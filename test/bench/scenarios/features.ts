import { CPU, MEMORY, PER_SECOND } from '../columns.js'
import { measureRequests } from '../measures/requests.js'
import { type House, scenario, type SubjectKind } from '../scenario.js'
import type { Subject } from '../subject.js'
import { routes, type Settings, startGateway } from '../subjects/gateway.js'

const ACCESS_LOG = { file: 'access.log', format: 'json' }
/** The header of the name cannot be switched off. */
const NO_IDENTITY = { name: false, email: false, groups: false, assurance: false, amr: false }
const PUBLIC = [{ path: '/**', access: 'public', methods: ['GET'] }]
const NAMED = [/^remote-user: alice\r$/im]

interface Feature {
  readonly name: string
  readonly title: string
  /** What its absence looks like. */
  readonly without: Settings
  /** What the app is still told. Default: name and assertion. */
  readonly tells?: readonly RegExp[]
}

const FEATURES: readonly Feature[] = [
  {
    name: 'assertion',
    title: 'the signed assertion',
    without: { headers: { assertion: false } },
    tells: NAMED,
  },
  {
    name: 'identity',
    title: 'identity headers but that of the name',
    without: { headers: NO_IDENTITY },
  },
  { name: 'metrics', title: 'metrics', without: { metrics: undefined } },
  { name: 'access-log', title: 'the access log', without: { access_log: undefined } },
  { name: 'audit-file', title: 'the audit log in a file (standard output)', without: { audit: undefined } },
  {
    name: 'groups',
    title: 'groups on its route',
    without: { routes: routes(41, { groups: undefined }) },
  },
  { name: 'routes', title: '40 of 41 routes', without: { routes: routes(1) } },
  {
    name: 'second-factor',
    title: 'asking for a second factor (bypassed)',
    without: {
      routes: routes(41, { access: 'bypassed', reason: 'to see what it costs', until: '2099-12-31' }),
    },
  },
  {
    name: 'login',
    title: 'asking for a login (public): no session is read, nobody is named',
    without: { routes: [...routes(40, { path: '/other/**' }), ...PUBLIC] },
    tells: [],
  },
  {
    name: 'everything',
    title: 'all of these',
    without: {
      headers: { ...NO_IDENTITY, assertion: false },
      metrics: undefined,
      access_log: undefined,
      audit: undefined,
      routes: PUBLIC,
    },
    tells: [],
  },
]

/** What each feature costs a request: everything on, and then each one off. */
export const PRICES = scenario<Subject>({
  name: 'features',
  title: 'The price of each feature: everything on, and each switched off by itself',
  columns: [CPU, PER_SECOND, MEMORY],
  measure: measureRequests,
  subjects: [
    withSettings('all', 'Gatehouse: everything on, and an access log', {}),
    ...FEATURES.map(({ name, title, without, tells }) =>
      withSettings(`no-${name}`, `without ${title}`, without, tells),
    ),
  ],
  comparisons: FEATURES.map(({ name }) => ({
    of: 'all',
    against: `no-${name}`,
    column: CPU,
    as: 'difference',
  })),
})

function withSettings(
  name: string,
  title: string,
  settings: Settings,
  tells?: readonly RegExp[],
): SubjectKind<Subject> {
  return {
    name,
    title,
    start: (house: House) =>
      startGateway(house, {
        name,
        settings: { access_log: ACCESS_LOG, ...settings },
        ...(tells === undefined ? {} : { tells }),
      }),
  }
}
