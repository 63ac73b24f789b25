import QRCode from 'qrcode'
import { accountPage } from '../../src/pages/account-page.js'
import { backupCodesPage } from '../../src/pages/backup-codes-page.js'
import { enrolPage, enrolTicketPage } from '../../src/pages/enrol-page.js'
import { loggedOutPage, logoutPage } from '../../src/pages/logout-page.js'
import { loginPage } from '../../src/pages/login-page.js'
import { problemPage, type PageProblem } from '../../src/pages/problem-page.js'
import { secondFactorPage } from '../../src/pages/second-factor-page.js'

/** A page as it may be shown, and the last part of a test's name. */
export interface SamplePage {
  readonly name: string
  readonly text: string
}

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const OTPAUTH = `otpauth://totp/wiki.example.com:alice?secret=${SECRET}&issuer=wiki.example.com`
const QR_SVG = await QRCode.toString(OTPAUTH, { type: 'svg', margin: 2 })
const MONDAY = Date.UTC(2026, 10, 23, 9, 5)
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'
const CODES = Array.from({ length: 10 }, (_, index) => `k7qm-${(3019 + index * 611).toString()}-wx4d`)

const PROBLEMS: readonly (readonly [status: number, problem: PageProblem])[] = [
  [403, { kind: 'denied', reason: 'denied', groups: [] }],
  [403, { kind: 'denied', reason: 'not_this_user', groups: [] }],
  [403, { kind: 'denied', reason: 'mfa_disabled', groups: [] }],
  [403, { kind: 'foreign_form' }],
  [403, { kind: 'factor_locked' }],
  [404, { kind: 'not_found' }],
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
export function samplePages(say: (natural: string) => string = natural => natural): readonly SamplePage[] {
  const authPath = say('/auth')
  const returnTo = say('https://wiki.example.com/reports/2026?sort=name')
  const challenge = say('3ZbK0kq2uJ7w')
  const username = say('alice')
  const login = { authPath, returnTo, app: say('wiki'), username: '', error: undefined, notice: undefined }
  const factor = {
    authPath,
    returnTo,
    challenge,
    username,
    factor: 'totp',
    otherFactors: ['backup_code'],
    stepUp: undefined,
    error: undefined,
    formLost: false,
  } as const
  const enrol = {
    authPath,
    returnTo,
    challenge,
    username,
    qrSvg: QR_SVG,
    otpauthUri: say(OTPAUTH),
    secret: say(SECRET),
    error: undefined,
  }
  const ticket = { authPath, returnTo, challenge, username, error: undefined }
  const account = {
    authPath,
    subject: username,
    displayName: say('Alice Example'),
    email: say('alice@example.com'),
    groups: [say('staff'), say('ops')],
    assurance: 'multi',
    sessions: [
      {
        reference: say('s1'),
        current: true,
        startedAt: MONDAY,
        address: say('192.0.2.17'),
        userAgent: FIREFOX,
      },
      {
        reference: say('s2'),
        current: false,
        startedAt: MONDAY,
        address: say('2001:db8::5'),
        userAgent: PHONE,
      },
      {
        reference: say('s3'),
        current: false,
        startedAt: MONDAY,
        address: say('10.0.0.8'),
        userAgent: undefined,
      },
    ],
    factors: [{ method: 'totp', enrolledAt: MONDAY }],
    backupCodesLeft: 7,
    notice: undefined,
  } as const
  const problem = { authPath, username, reference: say('req-4f1c') }
  return [
    { name: 'login', text: loginPage(login) },
    { name: 'login-wrong', text: loginPage({ ...login, username, error: 'wrong' }) },
    { name: 'login-incomplete', text: loginPage({ ...login, app: undefined, error: 'incomplete' }) },
    { name: 'login-form-lost', text: loginPage({ ...login, notice: 'form_lost' }) },
    { name: 'login-expired', text: loginPage({ ...login, notice: 'expired' }) },
    { name: 'second-factor', text: secondFactorPage(factor) },
    { name: 'second-factor-wrong', text: secondFactorPage({ ...factor, error: 'wrong' }) },
    {
      name: 'second-factor-backup-code',
      text: secondFactorPage({ ...factor, factor: 'backup_code', otherFactors: ['totp'], error: 'wrong' }),
    },
    {
      name: 'second-factor-step-up',
      text: secondFactorPage({ ...factor, stepUp: { maxAge: 300_000 }, formLost: true }),
    },
    { name: 'enrol', text: enrolPage(enrol) },
    { name: 'enrol-wrong', text: enrolPage({ ...enrol, error: 'wrong' }) },
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
    { name: 'account', text: accountPage(account) },
    {
      name: 'account-bare',
      text: accountPage({
        ...account,
        email: undefined,
        groups: [],
        assurance: 'single',
        sessions: account.sessions.slice(0, 1),
        factors: [],
        backupCodesLeft: undefined,
        notice: 'others_ended',
      }),
    },
    { name: 'logout', text: logoutPage({ authPath, username }) },
    { name: 'logged-out', text: loggedOutPage({ authPath }) },
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
