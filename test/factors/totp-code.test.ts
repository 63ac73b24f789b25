import { randomBytes } from 'node:crypto'
import t from 'tap'
import {
  encodeTotpSecret,
  matchTotpCode,
  normaliseTotpCode,
  type TotpParameters,
  totpSecretBytes,
  totpUri,
  USUAL_TOTP,
} from '../../src/factors/totp-code.js'
import { noAuthenticator, totpCode } from '../harness/authenticator.js'

const NOW = Date.UTC(2026, 10, 22, 12, 0, 15)
const ALGORITHMS = ['sha1', 'sha256', 'sha512'] as const

/** RFC 6238, appendix B: the digits 1234567890, over and over, up to the length of the hash. */
const secretOf = (algorithm: TotpParameters['algorithm']): string =>
  encodeTotpSecret(Buffer.from('1234567890'.repeat(7).slice(0, totpSecretBytes({ algorithm }))))

/** RFC 6238, appendix B: the time in seconds, and the codes of SHA-1, SHA-256 and SHA-512. */
const RFC_VECTORS: readonly (readonly [number, string, string, string])[] = [
  [59, '94287082', '46119246', '90693936'],
  [1111111109, '07081804', '68084774', '25091201'],
  [1111111111, '14050471', '67062674', '99943326'],
  [1234567890, '89005924', '91819424', '93441116'],
  [2000000000, '69279037', '90698825', '38618901'],
  [20000000000, '65353130', '77737706', '47863826'],
]

t.test('the vectors of RFC 6238 are right, for every hash, with eight digits and with six', async t => {
  t.equal(secretOf('sha1'), 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ')
  for (const [seconds, ...codes] of RFC_VECTORS)
    for (const [index, algorithm] of ALGORITHMS.entries()) {
      const code = codes[index] ?? ''
      const secret = secretOf(algorithm)
      const step = Math.floor(seconds / 30)
      const eight = { algorithm, digits: 8, period: 30 } as const
      t.equal(matchTotpCode(secret, code, seconds * 1000, eight), step, `${algorithm} ${code}`)
      const six = { ...eight, digits: 6 } as const
      t.equal(
        matchTotpCode(secret, code.slice(2), seconds * 1000, six),
        step,
        `${algorithm} ${code.slice(2)}`,
      )
      t.equal(
        matchTotpCode(secret, code.slice(2), seconds * 1000, eight),
        undefined,
        'six where eight are due',
      )
      t.equal(matchTotpCode(secret, code, seconds * 1000, six), undefined, 'eight where six are due')
      for (const other of ALGORITHMS)
        if (other !== algorithm)
          t.equal(matchTotpCode(secret, code, seconds * 1000, { ...eight, algorithm: other }), undefined)
    }
})

t.test('a secret is as long as the hash (RFC 6238, 5.1)', async t => {
  t.same(
    ALGORITHMS.map(algorithm => totpSecretBytes({ algorithm })),
    [20, 32, 64],
  )
})

t.test('codes agree with oathtool, whatever the parameters', { skip: noAuthenticator }, async t => {
  for (const algorithm of ALGORITHMS)
    for (const digits of [6, 8] as const)
      for (const period of [15, 30, 60]) {
        const parameters = { algorithm, digits, period }
        const secret = encodeTotpSecret(randomBytes(totpSecretBytes(parameters)))
        const at = NOW + period * 12_345_678
        const step = Math.floor(at / (period * 1000))
        const code = (steps: number): string => totpCode(secret, at + steps * period * 1000, parameters)
        const found = [-2, -1, 0, 1].map(steps => matchTotpCode(secret, code(steps), at, parameters))
        t.same(found, [undefined, step - 1, step, undefined], JSON.stringify(parameters))
      }
})

t.test('f2: what is typed has one form for checking and consuming', async t => {
  for (const typed of ['123456', '123456 ', ' 123456', '123 456', '123-456', '1 2 3 4 5 6'])
    t.equal(normaliseTotpCode(typed), '123456', JSON.stringify(typed))
  t.equal(normaliseTotpCode('000000'), '000000')
  t.equal(normaliseTotpCode('1234 5678'), '12345678')
  const malformed = [
    '',
    '12345',
    '1234567',
    '0123456',
    '123456789',
    '+123456',
    '12345a',
    '1e5000',
    '١٢٣٤٥٦',
    '\uff11\uff12\uff13\uff14\uff15\uff16',
    '123\u00a0456',
    '123456\n',
    '123456\0',
    ' '.repeat(1_000_000),
  ]
  for (const typed of malformed)
    t.equal(normaliseTotpCode(typed), undefined, JSON.stringify(typed.slice(0, 20)))
})

t.test('the address for authenticator apps carries secret, issuer and user', async t => {
  const secret = secretOf('sha1')
  const uri = new URL(totpUri(secret, 'auth.example.com', 'alice@example.com', USUAL_TOTP))
  t.equal(uri.protocol, 'otpauth:')
  t.equal(uri.host, 'totp')
  t.equal(decodeURIComponent(uri.pathname), '/auth.example.com:alice@example.com')
  t.same(Object.fromEntries(uri.searchParams), { secret, issuer: 'auth.example.com' })
})

t.test('it carries what is not as usual', async t => {
  const parameters = { algorithm: 'sha256', digits: 8, period: 60 } as const
  const { searchParams } = new URL(totpUri(secretOf('sha256'), 'auth.example.com', 'alice', parameters))
  t.match(Object.fromEntries(searchParams), { algorithm: 'SHA256', digits: '8', period: '60' })
})
