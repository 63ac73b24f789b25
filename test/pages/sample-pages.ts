import QRCode from 'qrcode'
import { backupCodesPage } from '../../src/pages/backup-codes-page.js'
import type { DenialExplained } from '../../src/pages/denial-explained.js'
import { enrolKeyPage, enrolPage, enrolTicketPage } from '../../src/pages/enrol-page.js'
import { loggedOutPage, logoutPage } from '../../src/pages/logout-page.js'
import { problemPage, type PageProblem } from '../../src/pages/problem-page.js'
import type { TotpSetup } from '../../src/pages/totp-setup.js'
import { sampleAccountPages } from './sample-account-pages.js'
import { sampleLoginPages } from './sample-login-pages.js'
import { MONDAY, type SamplePage, type Say } from './sample-values.js'

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const OTPAUTH = `otpauth://totp/wiki.example.com:alice?secret=${SECRET}&issuer=wiki.example.com`
const QR_SVG = await QRCode.toString(OTPAUTH, { type: 'svg', margin: 2 })
const CODES = Array.from({ length: 10 }, (_, index) => `k7qm-${(3019 + index * 611).toString()}-wx4d`)

const PROBLEMS: readonly (readonly [status: number, problem: PageProblem])[] = [
  [403, { kind: 'denied', reason: 'denied', groups: [] }],
  [403, { kind: 'denied', reason: 'not_this_user', groups: [] }],
  [403, { kind: 'denied', reason: 'mfa_disabled', groups: [] }],
  [403, { kind: 'foreign_form' }],
  [403, { kind: 'factor_locked' }],
  [404, { kind: 'not_found' }],
  [410, { kind: 'link_gone' }],
  [429, { kind: 'too_many_tries', retryAfter: 45_000 }],
  [500, { kind: 'internal' }],
  [502, { kind: 'upstream_down' }],
  [503, { kind: 'unavailable' }],
  [504, { kind: 'upstream_slow' }],
]

/**
 * Every page in every variant. All that comes from outside goes through `say`, so that a test may put something
 * else in its place.
 */
export function samplePages(say: Say = natural => natural): readonly SamplePage[] {
  const setup = {
    username: say('alice'),
    qrSvg: QR_SVG,
    otpauthUri: say(OTPAUTH),
    secret: say(SECRET),
    settings: { algorithm: 'sha1', digits: 6, period: 30 },
  } as const
  return [
    ...sampleLoginPages(say),
    ...enrolmentPages(say, setup),
    ...sampleAccountPages(say, setup),
    ...problemPages(say),
  ]
}

function enrolmentPages(say: Say, setup: TotpSetup): readonly SamplePage[] {
  const authPath = say('/auth')
  const username = say('alice')
  const returnTo = say('https://wiki.example.com/reports/2026?sort=name')
  const ticket = { authPath, returnTo, challenge: say('3ZbK0kq2uJ7w'), username, error: undefined }
  const enrol = { ...ticket, ...setup, offersKey: false }
  const key = { ...ticket, options: { challenge: say('c2Vj') }, offersApp: true }
  return [
    { name: 'enrol', text: enrolPage(enrol) },
    { name: 'enrol-wrong', text: enrolPage({ ...enrol, offersKey: true, error: 'wrong' }) },
    {
      name: 'enrol-unusual',
      text: enrolPage({ ...enrol, settings: { algorithm: 'sha256', digits: 8, period: 60 } }),
    },
    { name: 'enrol-key', text: enrolKeyPage(key) },
    { name: 'enrol-key-wrong', text: enrolKeyPage({ ...key, offersApp: false, error: 'wrong' }) },
    { name: 'enrol-ticket', text: enrolTicketPage(ticket) },
    { name: 'enrol-ticket-wrong', text: enrolTicketPage({ ...ticket, error: 'wrong' }) },
    {
      name: 'backup-codes',
      text: backupCodesPage({
        authPath,
        username,
        site: say('wiki.example.com'),
        codes: CODES.map(say),
        madeAt: MONDAY,
        continueTo: returnTo,
      }),
    },
    { name: 'logout', text: logoutPage({ authPath, username }) },
    { name: 'logged-out', text: loggedOutPage({ authPath }) },
  ]
}

function deniedAndWhy(say: Say): DenialExplained {
  const place = (line: number) => ({ file: say('/etc/gatehouse/gateway.yaml'), line, column: 5 })
  const route = { name: say('wiki /admin/**'), pattern: say('/admin/**'), access: 'required' } as const
  const others = Array.from({ length: 20 }, (_, index) => ({
    ...route,
    place: place(index + 4),
    verdict: 'path' as const,
    why: 'for another path',
  }))
  return {
    policy: say('0123456789abcdef'),
    sentence: `Refused: ${say('alice')} is not in the group ${say('ops')}`,
    demands: [
      { kind: 'login', verdict: 'holds', asks: 'login', has: `${say('alice')}, by password` },
      { kind: 'groups', verdict: 'fails', asks: `groups ${say('ops')}`, has: `${say('alice')} has none` },
      { kind: 'step_up', verdict: 'open', asks: 'step_up, totp within 5m', has: '' },
    ],
    routes: [
      ...others,
      { ...route, place: place(30), verdict: 'method', why: `only for ${say('PUT')}` },
      { ...route, place: undefined, verdict: 'decides', why: 'login and second factor' },
    ],
  }
}

function problemPages(say: Say): readonly SamplePage[] {
  const authPath = say('/auth')
  const problem = { authPath, username: say('alice'), reference: say('req-4f1c') }
  return [
    ...PROBLEMS.map(([status, kind]) => ({
      name: `problem-${kind.kind}${kind.kind === 'denied' ? `-${kind.reason}` : ''}`,
      text: problemPage({ ...problem, status, problem: kind }),
    })),
    {
      name: 'problem-denied-not_in_group',
      text: problemPage({
        ...problem,
        status: 403,
        problem: { kind: 'denied', reason: 'not_in_group', groups: [say('ops'), say('admins')] },
      }),
    },
    {
      name: 'problem-denied-explained',
      text: problemPage({
        ...problem,
        status: 403,
        problem: {
          kind: 'denied',
          reason: 'not_in_group',
          groups: [say('ops')],
          explanation: deniedAndWhy(say),
        },
      }),
    },
    {
      name: 'problem-denied-nobody',
      text: problemPage({
        authPath,
        status: 403,
        problem: { kind: 'denied', reason: 'not_in_group', groups: [say('ops')] },
        username: undefined,
        reference: undefined,
      }),
    },
    {
      name: 'problem-bad_request',
      text: problemPage({
        ...problem,
        status: 400,
        problem: { kind: 'bad_request', detail: say('The address has an encoded slash in its path.') },
      }),
    },
    {
      name: 'problem-insecure_transport',
      text: problemPage({
        ...problem,
        status: 400,
        problem: { kind: 'insecure_transport', publicUrl: say('https://wiki.example.com') },
      }),
    },
  ]
}
