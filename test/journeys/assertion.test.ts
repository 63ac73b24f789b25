import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { generateKeyPairSync, sign } from 'node:crypto'
import t from 'tap'
import { startSampleApp } from '../../src/cli/sample-app.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { TEST_CERTIFICATE } from '../harness/certificate.js'
import { createPerson } from '../harness/person.js'
import { installGateway, serveGateway } from './gateway-process.js'

/** Debian's own Python: others on the machine do not see its packages. */
const PYTHON = '/usr/bin/python3'

/**
 * Reads `{ jwks_url, certificate, checks: [{ token, audience, later }] }`, fetches the keys and verifies as an app
 * would: with the keys, one algorithm, the issuer and its own name. `later` is how many seconds the app's clock is
 * ahead. Writes a list of `{ claims }` or `{ refused: NAME }`.
 */
const VERIFIER = `
import datetime, json, ssl, sys, urllib.request
import jwt, jwt.api_jwt
task = json.load(sys.stdin)
trust = ssl.create_default_context(cadata=task["certificate"])
trust.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
with urllib.request.urlopen(task["jwks_url"], context=trust) as answer:
    keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(json.load(answer)).keys}
def verify(check):
    class AppClock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime.now(tz) + datetime.timedelta(seconds=check["later"])
    jwt.api_jwt.datetime = AppClock
    try:
        key = keys[jwt.get_unverified_header(check["token"])["kid"]]
        claims = jwt.decode(check["token"], key.key, algorithms=["ES256"], audience=check["audience"],
            issuer=task["issuer"], options={"require": ["exp", "iat", "aud", "iss", "sub"]})
        return {"claims": claims}
    except (jwt.PyJWTError, KeyError) as error:
        return {"refused": type(error).__name__}
json.dump([verify(check) for check in task["checks"]], sys.stdout)
`

const missing =
  noAuthenticator ||
  (spawnSync(PYTHON, ['-c', 'import jwt, cryptography'], { stdio: 'ignore' }).status !== 0 &&
    'python3-jwt is missing: apt-get install python3-jwt python3-cryptography')

t.test('an app verifies the assertion with nothing of ours: python3-jwt', { skip: missing }, async t => {
  const app = await startSampleApp()
  t.teardown(() => app.close())
  const gateway = await serveGateway(t, await installGateway(t, { upstream: app.url }))
  const alice = createPerson(gateway, { host: gateway.host })
  await alice.login('alice')
  const seen = await alice.fetch('/', { headers: { Accept: 'application/json' } })
  const identity = new Map(seen.json.identity as readonly (readonly [string, string])[])
  const token = identity.get('Gatehouse-Assertion') ?? ''
  const [header = '', payload = '', signature = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const audience = String(claims.aud)
  const asBob = encode({ ...claims, sub: 'bob' })
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const forged = sign('sha256', Buffer.from(`${header}.${asBob}`), {
    key: stranger.privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }

  const checks = [
    { name: 'as it came', token, audience, later: 0 },
    { name: 'a minute later', token, audience, later: 60 },
    { name: 'at another app', token, audience: 'another app', later: 0 },
    { name: 'two minutes later', token, audience, later: 120 },
    { name: 'another subject', token: `${header}.${asBob}.${signature}`, audience, later: 0 },
    {
      name: 'signed by somebody else',
      token: `${header}.${asBob}.${forged.toString('base64url')}`,
      audience,
      later: 0,
    },
    {
      name: 'without a signature',
      token: `${encode({ alg: 'none', typ: 'JWT', kid })}.${asBob}.`,
      audience,
      later: 0,
    },
  ]
  const results = await verifyInPython(gateway.origin, checks)
  const outcome = new Map(checks.map(({ name }, index) => [name, results[index] ?? {}]))

  const verified = outcome.get('as it came')?.claims
  t.match(verified, {
    iss: gateway.origin,
    sub: 'alice',
    email: 'alice@app.example',
    groups: ['ops', 'staff'],
    amr: ['pwd', 'otp', 'mfa'],
    mfa_verified: true,
  })
  t.same(verified, claims, 'nothing was added or lost on the way')
  t.ok(outcome.get('a minute later')?.claims, 'good as long as the gateway sends it')
  t.equal(outcome.get('at another app')?.refused, 'InvalidAudienceError')
  t.equal(outcome.get('two minutes later')?.refused, 'ExpiredSignatureError')
  t.equal(outcome.get('another subject')?.refused, 'InvalidSignatureError')
  t.equal(outcome.get('signed by somebody else')?.refused, 'InvalidSignatureError')
  t.equal(outcome.get('without a signature')?.refused, 'InvalidAlgorithmError')
})

interface Result {
  readonly claims?: Readonly<Record<string, unknown>>
  /** The name of the Python exception. */
  readonly refused?: string
}

async function verifyInPython(issuer: string, checks: readonly object[]): Promise<readonly Result[]> {
  const task = { issuer, jwks_url: `${issuer}/auth/jwks.json`, certificate: TEST_CERTIFICATE, checks }
  const python = spawn(PYTHON, ['-c', VERIFIER], { timeout: 20_000 })
  const ended = once(python, 'exit')
  python.stdin.end(JSON.stringify(task))
  const [out, complaint] = await Promise.all([text(python.stdout), text(python.stderr), ended])
  if (python.exitCode !== 0) throw new Error(complaint)
  return JSON.parse(out) as readonly Result[]
}
