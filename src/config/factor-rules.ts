import { addsFactor, type Method } from '../access/assurance.js'
import type { SecondFactor } from '../factors/factor.js'
import type { Findings } from './findings.js'
import type { FirstFactor } from './gateway-config.js'
import type { ReadApp } from './sections/app.js'
import type { Chosen } from './sections/chosen.js'

/** The ways in that a file chooses, and what they stand on. */
export interface WaysIn {
  /** Undefined when it was written wrongly: nothing is said about it then. */
  readonly methods: Chosen<FirstFactor> | undefined
  /** Undefined as above. */
  readonly factors: Chosen<SecondFactor> | undefined
  readonly questionsCount: boolean
  /** Which sections stand in the file, sound or not. */
  readonly channels: Readonly<Record<'mail' | 'sms', boolean>>
}

const METHODS_PATH = ['login', 'methods']
const FACTORS_PATH = ['mfa', 'factors']

/** The section without which nothing can be sent. */
const CHANNELS = new Map<FirstFactor | SecondFactor, 'mail' | 'sms'>([
  ['email', 'mail'],
  ['link', 'mail'],
  ['sms', 'sms'],
])

/** The proof with which a login begins. A passkey is a whole login, and needs no other. */
const FIRST_PROOFS: Readonly<Record<Exclude<FirstFactor, 'passkey'>, Method>> = {
  password: 'password',
  email: 'email',
  link: 'email',
  sms: 'sms',
}

/** Finds ways in that cannot work: nothing to send with, or no second factor that could follow. */
export function reportWaysIn(findings: Findings, ways: WaysIn): void {
  const { methods, factors, channels } = ways
  reportMissingChannels(findings, METHODS_PATH, methods, channels)
  reportMissingChannels(findings, FACTORS_PATH, factors, channels)
  if (factors === undefined) return
  if (!reportNothingToEnrol(findings, factors, ways.questionsCount) && methods !== undefined)
    reportDeadEnds(findings, methods, factors, ways.questionsCount)
  const passkey = methods?.isWritten === true ? methods.values.indexOf('passkey') : -1
  if (passkey !== -1 && !factors.values.includes('webauthn')) {
    findings.error(
      [...METHODS_PATH, passkey],
      `"passkey" needs webauthn, and mfa.factors on line ${findings.place(FACTORS_PATH).line} leaves it out`,
      'add webauthn to mfa.factors, or leave passkey out',
    )
  }
}

/** Finds routes whose `step_up` asks for a factor that nobody has here. */
export function reportStepUps(
  findings: Findings,
  factors: Chosen<SecondFactor> | undefined,
  apps: readonly ReadApp[],
): void {
  if (factors === undefined) return
  const list = factors.values.join(', ')
  const where = factors.isWritten
    ? `mfa.factors on line ${findings.place(FACTORS_PATH).line} leaves it out`
    : `mfa.factors is not given, which means ${list}`
  for (const { route, path } of apps.flatMap(app => app.routes)) {
    for (const [index, method] of (route.stepUp?.methods ?? []).entries()) {
      if (factors.values.some(factor => factor === method)) continue
      const message = `nobody can show "${method}" here: ${where}`
      const cure = `add ${method} to mfa.factors, or write one of ${list}`
      findings.error([...path, 'step_up', 'methods', index], message, cure)
    }
  }
}

/** Warns of second factors that prove less than one would think. Those that cannot be sent have been reported. */
export function warnOfWeakFactors(findings: Findings, ways: WaysIn): void {
  const factors = ways.factors?.values ?? []
  const { mail: hasMail, sms: hasSms } = ways.channels
  const email = factors.indexOf('email')
  if (email !== -1 && hasMail) {
    findings.warning(
      [...FACTORS_PATH, email],
      'e-mail is not an out-of-band authenticator (NIST SP 800-63B-4, section 3.1.3; OWASP ASVS 5.0, 6.3.6): whoever ' +
        'reads the mailbox has the code',
      'leave it out, or let routes with more at stake ask for step_up: { methods: [webauthn, totp] }',
    )
  }
  const sms = factors.indexOf('sms')
  if (sms !== -1 && hasSms) {
    findings.warning(
      [...FACTORS_PATH, sms],
      'text messages are a restricted authenticator (NIST SP 800-63B-4, section 3.1.3.3): numbers are taken over, and ' +
        'messages are read on the way',
      'leave it out, or keep webauthn or totp beside it and tell people of the risk',
    )
  }
  const question = factors.indexOf('knowledge_question')
  if (question === -1) return
  if (ways.questionsCount) {
    findings.warning(
      ['mfa', 'knowledge_questions', 'count_as_second_factor'],
      'two things that are only known open every required route: a question is not an acceptable authenticator at all ' +
        '(NIST SP 800-63B-4, section 3.1.1.2), and here it counts as a second factor',
      'write false, or leave knowledge_question out of mfa.factors',
    )
  } else {
    findings.warning(
      [...FACTORS_PATH, question],
      'a question is not an acceptable authenticator (NIST SP 800-63B-4, section 3.1.1.2): others can find out the answer',
      'leave it out',
    )
  }
}

function reportMissingChannels(
  findings: Findings,
  path: readonly string[],
  list: Chosen<FirstFactor | SecondFactor> | undefined,
  channels: WaysIn['channels'],
): void {
  for (const [index, one] of (list?.values ?? []).entries()) {
    const section = CHANNELS.get(one)
    if (section === undefined || channels[section]) continue
    const what = section === 'mail' ? 'mail is' : 'text messages are'
    findings.error(
      [...path, index],
      `"${one}" needs "${section}", and this file does not say how ${what} sent`,
      `add "${section}" at the top of the file, or leave "${one}" out of ${path.join('.')}`,
    )
  }
}

/** Backup codes come beside a factor, and a question that does not count is none. True when that is all there is. */
function reportNothingToEnrol(
  findings: Findings,
  factors: Chosen<SecondFactor>,
  questionsCount: boolean,
): boolean {
  const canBeFirst = (factor: SecondFactor): boolean =>
    factor !== 'backup_code' && (factor !== 'knowledge_question' || questionsCount)
  if (factors.values.some(canBeFirst)) return false
  findings.error(
    FACTORS_PATH,
    `nobody could enrol a second factor: ${factors.values.join(' and ')} can only stand beside another one`,
    'add totp or webauthn',
  )
  return true
}

/** Finds ways to begin a login that no second factor can complete. */
function reportDeadEnds(
  findings: Findings,
  methods: Chosen<FirstFactor>,
  factors: Chosen<SecondFactor>,
  questionsCount: boolean,
): void {
  const line = findings.place(FACTORS_PATH).line
  for (const [index, method] of methods.values.entries()) {
    if (method === 'passkey') continue
    const first = { method: FIRST_PROOFS[method], at: 0 }
    const completes = (factor: SecondFactor): boolean =>
      addsFactor([first], {
        method: factor,
        at: 0,
        countsAsSecondFactor: factor === 'knowledge_question' && questionsCount,
      })
    if (factors.values.some(completes)) continue
    findings.error(
      methods.isWritten ? [...METHODS_PATH, index] : FACTORS_PATH,
      `a login that begins with "${method}" never gets its second factor: mfa.factors on line ${line} has none that ` +
        'comes another way',
      `add totp or webauthn to mfa.factors, or leave "${method}" out of login.methods`,
    )
  }
}
