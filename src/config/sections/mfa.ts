import Type, { type Static } from 'typebox'
import type { SecondFactor } from '../../factors/factor.js'
import type { GatewayConfig } from '../gateway-config.js'
import type { Reading } from '../reading.js'
import { block, choice, isBlock, soundSettings, text } from '../settings.js'
import { chosen, type Chosen } from './chosen.js'
import { boundedMilliseconds, duration } from './duration.js'
import { secondFactorList } from './second-factors.js'

const totpSchema = block(
  'How new authenticators compute their codes (RFC 6238). Those that exist keep what they were made with.',
  {
    algorithm: Type.Optional(
      choice(
        { description: 'The hash function of the codes.', default: 'sha1' },
        ['sha1', 'sha256', 'sha512'],
        [
          'every authenticator app understands it, and its weaknesses do not matter here',
          'some authenticator apps ignore it and show wrong codes',
          'some authenticator apps ignore it and show wrong codes',
        ],
      ),
    ),
    digits: Type.Optional(
      Type.Union([Type.Literal(6), Type.Literal(8)], {
        description:
          'The length of a code. 6: every app understands it. 8: some apps ignore it and show wrong codes.',
        default: 6,
      }),
    ),
    period: Type.Optional(duration('How long each code is shown, 15s to 60s.', '30s')),
  },
)

const questionsSchema = block('Questions with answers that their owner wrote.', {
  count_as_second_factor: Type.Optional(
    Type.Boolean({
      description:
        'true: an answer counts as a second factor beside a password, and opens required routes. false: it is one ' +
        'more thing known, and opens nothing more.',
      default: false,
    }),
  ),
})

export const mfaSchema = block('The second factor.', {
  enrolment: Type.Optional(
    choice(
      { description: 'How a user gets the first second factor.', default: 'first_login' },
      ['first_login', 'ticket'],
      [
        'at the first login, with the password alone; never again once a factor was enrolled',
        'at the first login, with a one-time ticket from "gatehouse users ticket" as well',
      ],
    ),
  ),
  issuer: Type.Optional(
    text(
      {
        description: 'The name that authenticator apps show. Default: the host of public_url.',
        examples: ['Example Ltd'],
      },
      '^[^:]*[^:\\s][^:]*$',
      'write a name without a colon',
    ),
  ),
  factors: Type.Optional(
    secondFactorList(
      'The second factors that are taken, the usual one first. Default: totp, webauthn, backup_code.',
      ['totp', 'webauthn', 'backup_code'],
    ),
  ),
  totp: Type.Optional(totpSchema),
  remember_device: Type.Optional(
    duration(
      'How long a browser may be remembered, 1h to 90d: until then it is not asked for the second factor on required ' +
        'routes without step_up. Without it, no browser is.',
      'none',
      '30d',
    ),
  ),
  knowledge_questions: Type.Optional(questionsSchema),
  may_disable: Type.Optional(
    Type.Boolean({
      description:
        'true: people may switch their second factor off themselves, which opens "enrolled" routes without one and ' +
        '"required" ones never. false: only the operator may.',
      default: false,
    }),
  ),
})

/** The second factors without `mfa.factors`. */
const USUAL_FACTORS: readonly SecondFactor[] = ['totp', 'webauthn', 'backup_code']

/** `mfa` as the configuration has it, and the factors as the rules about them take them. */
export interface ReadMfa {
  readonly config: Omit<GatewayConfig['mfa'], 'issuer'> & { readonly issuer: string | undefined }
  /** Undefined when they were written wrongly. */
  readonly factors: Chosen<SecondFactor> | undefined
}

/** Reads `mfa`, each part of it by itself. Whether the factors fit the rest of the file is judged later. */
export function readMfa(reading: Reading, raw: unknown): ReadMfa {
  const written = soundSettings(mfaSchema, raw)
  const parts = isBlock(raw) ? raw : {}
  const factors = chosen(raw, 'factors', written.factors, USUAL_FACTORS)
  const questions = soundSettings(questionsSchema, parts.knowledge_questions)
  if (parts.knowledge_questions !== undefined && factors?.values.includes('knowledge_question') === false) {
    reading.findings.error(
      ['mfa', 'knowledge_questions'],
      '"knowledge_questions" has no effect: "knowledge_question" is not among mfa.factors',
      'leave it out, or add knowledge_question to mfa.factors',
      'key',
    )
  }
  return {
    factors,
    config: {
      enrolment: written.enrolment ?? 'first_login',
      issuer: written.issuer,
      factors: factors?.values ?? USUAL_FACTORS,
      totp: readTotp(reading, soundSettings(totpSchema, parts.totp)),
      rememberDevice: readRememberDevice(reading, written.remember_device),
      questionsCount: questions.count_as_second_factor ?? false,
      mayDisable: written.may_disable ?? false,
    },
  }
}

function readTotp(
  reading: Reading,
  written: Partial<Static<typeof totpSchema>>,
): GatewayConfig['mfa']['totp'] {
  const { algorithm = 'sha1', digits = 6 } = written
  const path = ['mfa', 'totp', 'period']
  const limits = { least: '15s', most: '60s' }
  const period = (boundedMilliseconds(reading, path, written.period ?? '30s', limits) ?? 30_000) / 1000
  const warn = (key: string, usual: string): void => {
    const message = 'some authenticator apps ignore it and show wrong codes'
    const cure = `leave it out: ${usual} is understood everywhere`
    reading.findings.warning(['mfa', 'totp', key], `${key}: ${message}`, cure)
  }
  if (algorithm !== 'sha1') warn('algorithm', 'sha1')
  if (digits !== 6) warn('digits', '6')
  if (period !== 30) warn('period', '30s')
  return { algorithm, digits, period }
}

function readRememberDevice(reading: Reading, written: string | undefined): number | undefined {
  if (written === undefined) return undefined
  const path = ['mfa', 'remember_device']
  const limits = { least: '1h', most: '90d' }
  const time = boundedMilliseconds(reading, path, written, limits)
  if (time === undefined) return undefined
  reading.findings.warning(
    path,
    `a remembered browser opens required routes without the second factor for ${written}: it must not stand in for ` +
      'authentication (NIST SP 800-63B-4, section 5.1)',
    'leave it out, or give routes with more at stake a "step_up", for which a remembered browser never will do',
  )
  return time
}
