import type { TotpSetup } from '../../src/pages/totp-setup.js'
import { accountActivityPage, type ActivityEvent } from '../../src/pages/account-activity-page.js'
import { accountFactorsPage } from '../../src/pages/account-factors-page.js'
import type { AccountCommon } from '../../src/pages/account-frame.js'
import { accountPage } from '../../src/pages/account-page.js'
import { accountTokensPage } from '../../src/pages/account-tokens-page.js'
import { addKeyPage } from '../../src/pages/add-key-page.js'
import { addQuestionsPage } from '../../src/pages/add-questions-page.js'
import { addTotpPage } from '../../src/pages/add-totp-page.js'
import { changePasswordPage } from '../../src/pages/change-password-page.js'
import { newTokenPage } from '../../src/pages/new-token-page.js'
import { texts } from '../../src/pages/texts.js'
import { FIREFOX, MONDAY, PHONE, type SamplePage, type Say } from './sample-values.js'

const DAY = 86_400_000

/** The pages about oneself in every variant. */
export function sampleAccountPages(say: Say, setup: TotpSetup): readonly SamplePage[] {
  const common = {
    authPath: say('/auth'),
    pages: ['account', 'factors', 'tokens', 'activity'],
    apps: [
      { name: say('wiki'), address: say('https://wiki.example.com/') },
      { name: say('calendar'), address: say('https://calendar.example.com/') },
    ],
    done: undefined,
    refused: undefined,
  } as const
  return [
    ...overviewPages(say, common),
    ...factorPages(say, common, setup),
    ...tokenPages(say, common),
    ...activityPages(say, common),
  ]
}

function overviewPages(say: Say, common: AccountCommon): readonly SamplePage[] {
  const desk = { address: say('192.0.2.17'), userAgent: FIREFOX }
  const phone = { address: say('2001:db8::5'), userAgent: PHONE }
  const session = { reference: say('s1'), current: true, startedAt: MONDAY, ...desk }
  const browser = {
    reference: say('b1'),
    current: true,
    rememberedAt: MONDAY,
    lastUsedAt: MONDAY + DAY,
    expiresAt: MONDAY + 30 * DAY,
    ...desk,
  }
  const account = {
    ...common,
    subject: say('alice'),
    displayName: say('Alice Example'),
    email: say('alice@example.com'),
    groups: [say('staff'), say('ops')],
    assurance: 'multi',
    factors: ['totp', 'webauthn', 'backup_code'],
    sessions: [
      session,
      { ...session, reference: say('s2'), current: false, ...phone },
      { ...session, reference: say('s3'), current: false, address: say('10.0.0.8'), userAgent: undefined },
    ],
    remembered: {
      life: 30 * DAY,
      browsers: [
        browser,
        { ...browser, reference: say('b2'), current: false, lastUsedAt: undefined, ...phone },
      ],
    },
  } as const
  return [
    { name: 'account', text: accountPage(account) },
    {
      name: 'account-bare',
      text: accountPage({
        ...account,
        pages: ['account'],
        apps: [],
        email: undefined,
        groups: [],
        assurance: 'single',
        factors: [],
        sessions: [session],
        remembered: undefined,
        done: 'others_ended',
      }),
    },
    {
      name: 'account-no-browsers',
      text: accountPage({ ...account, remembered: { life: 30 * DAY, browsers: [] }, refused: 'gone' }),
    },
  ]
}

function factorPages(say: Say, common: AccountCommon, setup: TotpSetup): readonly SamplePage[] {
  const { authPath } = common
  const own = { id: say('f1'), name: say('Pixel 9'), addedAt: MONDAY, lastUsedAt: MONDAY + DAY }
  const factors = {
    ...common,
    mayChangePassword: true,
    authenticatorApps: {
      list: [own, { ...own, id: say('f2'), name: say('old phone'), lastUsedAt: undefined }],
      mayAdd: true,
    },
    keys: { list: [{ ...own, id: say('k1'), name: say('blue key'), synced: true }], mayAdd: true },
    messages: [
      { channel: 'email', target: say('alice@example.com') },
      { channel: 'sms', target: undefined },
    ],
    questions: [say('What did your first cat like to eat?'), say('Which street had the red door?')],
    backupCodesLeft: 7,
    ownSwitch: 'on',
  } as const
  const add = { authPath, name: '', error: undefined } as const
  const options = { challenge: say('c2Vj') }
  const questions = { authPath, questions: [], replaces: false, error: undefined } as const
  const password = { authPath, username: say('alice'), shortest: 8, error: undefined } as const
  return [
    { name: 'account-factors', text: accountFactorsPage(factors) },
    {
      name: 'account-factors-bare',
      text: accountFactorsPage({
        ...factors,
        mayChangePassword: false,
        authenticatorApps: { list: [], mayAdd: true },
        keys: { list: [], mayAdd: true },
        messages: [],
        questions: [],
        backupCodesLeft: undefined,
        ownSwitch: 'off',
        done: 'second_factor_off',
      }),
    },
    { name: 'account-factors-refused', text: accountFactorsPage({ ...factors, refused: 'last_factor' }) },
    { name: 'add-totp', text: addTotpPage({ ...add, ...setup }) },
    { name: 'add-totp-wrong', text: addTotpPage({ ...add, ...setup, error: 'wrong' }) },
    {
      name: 'add-totp-name',
      text: addTotpPage({
        ...add,
        ...setup,
        settings: { algorithm: 'sha512', digits: 8, period: 60 },
        error: 'name',
      }),
    },
    { name: 'add-key', text: addKeyPage({ ...add, options }) },
    { name: 'add-key-wrong', text: addKeyPage({ ...add, options, name: say('my key'), error: 'wrong' }) },
    { name: 'add-key-name', text: addKeyPage({ ...add, options, error: 'name' }) },
    { name: 'add-questions', text: addQuestionsPage(questions) },
    {
      name: 'add-questions-same',
      text: addQuestionsPage({
        ...questions,
        questions: [say('Why?'), say('When?'), say('Who?')],
        replaces: true,
        error: 'same',
      }),
    },
    { name: 'change-password', text: changePasswordPage(password) },
    {
      name: 'change-password-wrong_current',
      text: changePasswordPage({ ...password, error: 'wrong_current' }),
    },
    { name: 'change-password-too_short', text: changePasswordPage({ ...password, error: 'too_short' }) },
    { name: 'change-password-too_common', text: changePasswordPage({ ...password, error: 'too_common' }) },
    {
      name: 'change-password-not_writable',
      text: changePasswordPage({ ...password, error: 'not_writable' }),
    },
    { name: 'change-password-incomplete', text: changePasswordPage({ ...password, error: 'incomplete' }) },
  ]
}

function tokenPages(say: Say, common: AccountCommon): readonly SamplePage[] {
  const token = {
    reference: say('t1'),
    name: say('calendar on my phone'),
    scopes: [say('calendar')],
    createdAt: MONDAY,
    expiresAt: MONDAY + 90 * DAY,
    expired: false,
    lastUsedAt: MONDAY + DAY,
  }
  const tokens = {
    ...common,
    tokens: [
      token,
      { ...token, reference: say('t2'), name: say('nightly export'), expired: true, lastUsedAt: undefined },
    ],
    scopes: [say('calendar'), say('export:read')],
    longestLife: 366,
    form: { name: '', scopes: [], days: 90 },
    error: undefined,
  } as const
  return [
    { name: 'account-tokens', text: accountTokensPage(tokens) },
    { name: 'account-tokens-none', text: accountTokensPage({ ...tokens, tokens: [], scopes: [] }) },
    { name: 'account-tokens-incomplete', text: accountTokensPage({ ...tokens, error: 'incomplete' }) },
    {
      name: 'account-tokens-days',
      text: accountTokensPage({
        ...tokens,
        form: { name: say('export'), scopes: [say('calendar'), say('export:read')], days: 4000 },
        error: 'days',
      }),
    },
    { name: 'account-tokens-too_many', text: accountTokensPage({ ...tokens, error: 'too_many' }) },
    {
      name: 'new-token',
      text: newTokenPage({
        authPath: common.authPath,
        username: say('alice'),
        token: say('gh_V1StGXR8Z5jdHi6BmyTV1StGXR8Z5jdHi6BmyTV1StGa8Kq2X'),
        name: say('calendar on my phone'),
        scopes: [say('calendar')],
        expiresAt: MONDAY + 90 * DAY,
      }),
    },
  ]
}

function activityPages(say: Say, common: AccountCommon): readonly SamplePage[] {
  const events = Object.keys(texts.account.activity.events) as ActivityEvent[]
  const activity = events.map((event, index) => ({
    event,
    at: MONDAY - index * DAY,
    address: event === 'factor.reset' ? undefined : say('192.0.2.17'),
    detail: event === 'login.second_factor_refused' ? 'totp_wrong' : undefined,
    userAgent: index % 2 === 0 ? FIREFOX : PHONE,
    count: event === 'login.password_refused' ? 12 : 1,
  }))
  return [
    { name: 'account-activity', text: accountActivityPage({ ...common, activity }) },
    { name: 'account-activity-none', text: accountActivityPage({ ...common, activity: [] }) },
  ]
}
