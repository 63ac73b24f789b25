import { askCodePage } from '../../src/pages/ask-code-page.js'
import { askLinkPage } from '../../src/pages/ask-link-page.js'
import { codePage } from '../../src/pages/code-page.js'
import { linkCodePage, linkConfirmPage } from '../../src/pages/link-confirm-page.js'
import { linkSentPage } from '../../src/pages/link-sent-page.js'
import { loginPage } from '../../src/pages/login-page.js'
import { missingFactorPage } from '../../src/pages/missing-factor-page.js'
import { passkeyPage } from '../../src/pages/passkey-page.js'
import { secondFactorPage } from '../../src/pages/second-factor-page.js'
import { MONDAY, PHONE, type SamplePage, type Say } from './sample-values.js'

/** The pages of a login in every variant, first factors and second ones. */
export function sampleLoginPages(say: Say): readonly SamplePage[] {
  return [...firstPages(say), ...secondFactorPages(say), ...passwordlessPages(say)]
}

function firstPages(say: Say): readonly SamplePage[] {
  const login = {
    authPath: say('/auth'),
    returnTo: say('https://wiki.example.com/reports/2026?sort=name'),
    app: say('wiki'),
    methods: ['password', 'passkey'],
    username: '',
    error: undefined,
    notice: undefined,
  } as const
  const username = say('alice')
  return [
    { name: 'login', text: loginPage(login) },
    { name: 'login-password-only', text: loginPage({ ...login, methods: ['password'] }) },
    {
      name: 'login-every-way',
      text: loginPage({ ...login, methods: ['password', 'passkey', 'email', 'sms', 'link'] }),
    },
    { name: 'login-without-password', text: loginPage({ ...login, methods: ['passkey', 'email', 'link'] }) },
    { name: 'login-wrong', text: loginPage({ ...login, username, error: 'wrong' }) },
    { name: 'login-incomplete', text: loginPage({ ...login, app: undefined, error: 'incomplete' }) },
    ...(['form_lost', 'expired', 'cookies', 'too_many_codes', 'password_changed'] as const).map(notice => ({
      name: `login-${notice}`,
      text: loginPage({ ...login, notice }),
    })),
  ]
}

function secondFactorPages(say: Say): readonly SamplePage[] {
  const totp = {
    authPath: say('/auth'),
    returnTo: say('https://wiki.example.com/reports/2026?sort=name'),
    challenge: say('3ZbK0kq2uJ7w'),
    username: say('alice'),
    ask: { factor: 'totp', digits: 6 },
    otherFactors: ['webauthn', 'email', 'backup_code'],
    stepUp: undefined,
    error: undefined,
    formLost: false,
    rememberFor: undefined,
  } as const
  const sent = { state: 'sent', target: say('a…@example.com'), again: false } as const
  const email = { ...totp, ask: { factor: 'email', sending: sent }, otherFactors: ['totp'] } as const
  const key = { ...totp, ask: { factor: 'webauthn', options: { challenge: say('c2Vj') } } } as const
  const question = {
    ...totp,
    ask: { factor: 'knowledge_question', question: say('What did your first cat like to eat?') },
    otherFactors: [],
  } as const
  const missing = {
    authPath: totp.authPath,
    returnTo: totp.returnTo,
    username: totp.username,
    methods: ['webauthn'],
    maxAge: 300_000,
    mayAdd: true,
  } as const
  const days = 86_400_000
  return [
    { name: 'second-factor', text: secondFactorPage({ ...totp, rememberFor: 30 * days }) },
    {
      name: 'second-factor-wrong',
      text: secondFactorPage({ ...totp, ask: { factor: 'totp', digits: undefined }, error: 'wrong' }),
    },
    {
      name: 'second-factor-backup-code',
      text: secondFactorPage({
        ...totp,
        ask: { factor: 'backup_code' },
        otherFactors: ['totp'],
        error: 'wrong',
      }),
    },
    {
      name: 'second-factor-step-up',
      text: secondFactorPage({ ...totp, stepUp: { maxAge: 300_000, methods: [] }, formLost: true }),
    },
    {
      name: 'second-factor-step-up-methods',
      text: secondFactorPage({
        ...key,
        otherFactors: ['totp'],
        stepUp: { maxAge: undefined, methods: ['webauthn', 'totp'] },
      }),
    },
    { name: 'second-factor-email', text: secondFactorPage(email) },
    { name: 'second-factor-email-wrong', text: secondFactorPage({ ...email, error: 'wrong' }) },
    {
      name: 'second-factor-email-again',
      text: secondFactorPage({ ...email, ask: { factor: 'email', sending: { ...sent, again: true } } }),
    },
    {
      name: 'second-factor-sms-unsent',
      text: secondFactorPage({
        ...email,
        ask: { factor: 'sms', sending: { state: 'unsent', target: say('…4567') } },
      }),
    },
    {
      name: 'second-factor-email-unsent',
      text: secondFactorPage({
        ...email,
        ask: { factor: 'email', sending: { state: 'unsent', target: undefined } },
      }),
    },
    {
      name: 'second-factor-sms-too-many',
      text: secondFactorPage({
        ...email,
        ask: { factor: 'sms', sending: { state: 'too_many', retryAfter: 30_000 } },
      }),
    },
    { name: 'second-factor-key', text: secondFactorPage({ ...key, rememberFor: 30 * days }) },
    {
      name: 'second-factor-key-wrong',
      text: secondFactorPage({ ...key, otherFactors: [], error: 'wrong' }),
    },
    { name: 'second-factor-question', text: secondFactorPage(question) },
    { name: 'second-factor-question-wrong', text: secondFactorPage({ ...question, error: 'wrong' }) },
    { name: 'missing-factor', text: missingFactorPage(missing) },
    {
      name: 'missing-factor-for-good',
      text: missingFactorPage({ ...missing, methods: ['sms', 'totp'], maxAge: undefined, mayAdd: false }),
    },
  ]
}

function passwordlessPages(say: Say): readonly SamplePage[] {
  const common = { authPath: say('/auth'), returnTo: say('https://wiki.example.com/') }
  const passkey = {
    ...common,
    options: { challenge: say('c2Vj'), rpId: say('wiki.example.com') },
    app: say('wiki'),
    hasOtherWays: true,
    error: undefined,
  }
  const ask = { ...common, identifier: '', incomplete: false, hasOtherWays: true } as const
  const waiting = {
    ...common,
    identifier: say('alice@example.com'),
    sending: { state: 'sent', again: false },
    error: undefined,
  } as const
  const again = { ...waiting, sending: { state: 'sent', again: true } } as const
  const tooMany = { ...waiting, sending: { state: 'too_many', retryAfter: 3_000_000 } } as const
  const link = {
    authPath: common.authPath,
    token: say('Qz1'),
    username: say('alice'),
    site: say('wiki.example.com'),
    sameBrowser: true,
    askedBy: { userAgent: PHONE, address: say('192.0.2.17'), at: MONDAY },
  }
  return [
    { name: 'passkey', text: passkeyPage(passkey) },
    { name: 'passkey-wrong', text: passkeyPage({ ...passkey, app: undefined, error: 'wrong' }) },
    { name: 'ask-code-email', text: askCodePage({ ...ask, channel: 'email' }) },
    {
      name: 'ask-code-sms-incomplete',
      text: askCodePage({ ...ask, channel: 'sms', incomplete: true, hasOtherWays: false }),
    },
    { name: 'code-email', text: codePage({ ...waiting, channel: 'email' }) },
    { name: 'code-email-again', text: codePage({ ...again, channel: 'email' }) },
    { name: 'code-sms-wrong', text: codePage({ ...waiting, channel: 'sms', error: 'wrong' }) },
    { name: 'code-sms-too-many', text: codePage({ ...tooMany, channel: 'sms' }) },
    { name: 'ask-code-wait', text: askCodePage({ ...ask, channel: 'email', retryAfter: 27_000 }) },
    { name: 'ask-link', text: askLinkPage(ask) },
    { name: 'ask-link-incomplete', text: askLinkPage({ ...ask, incomplete: true }) },
    { name: 'link-sent', text: linkSentPage(waiting) },
    { name: 'link-sent-again', text: linkSentPage(again) },
    { name: 'link-sent-too-many', text: linkSentPage(tooMany) },
    { name: 'link-sent-wrong', text: linkSentPage({ ...waiting, error: 'wrong' }) },
    { name: 'link-confirm', text: linkConfirmPage(link) },
    {
      name: 'link-confirm-elsewhere',
      text: linkConfirmPage({ ...link, username: undefined, sameBrowser: false }),
    },
    {
      name: 'link-code',
      text: linkCodePage({ authPath: common.authPath, code: say('493027'), life: 600_000 }),
    },
  ]
}
