import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createAccessTokens } from '../../src/credentials/access-tokens.js'
import { loadSigningKeys } from '../../src/credentials/signing-keys.js'
import { createMemoryStore } from '../../src/store/memory-store.js'
import { ALICE, CLIENT_ID, ISSUER, MINUTE, part, partOf, seal, TOKEN_LOGIN } from './credentials-bench.js'

/** Debian's own Python: others on the machine do not see its packages. */
const PYTHON = '/usr/bin/python3'
const API = 'https://api.example.com'

/**
 * Reads `{ jwks, issuer, checks: [{ token, algorithm, audience }] }` and verifies as an API would: with the published
 * keys, one algorithm, the issuer and its own name. Writes a list of `{ claims, typ }` or `{ refused: NAME }`.
 */
const VERIFIER = `
import json, sys
import jwt
task = json.load(sys.stdin)
keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(task["jwks"]).keys}
def verify(check):
    try:
        header = jwt.get_unverified_header(check["token"])
        claims = jwt.decode(check["token"], keys[header["kid"]].key, algorithms=[check["algorithm"]],
            audience=check["audience"], issuer=task["issuer"],
            options={"require": ["exp", "iat", "nbf", "aud", "iss", "sub", "jti"]})
        return {"claims": claims, "typ": header["typ"]}
    except (jwt.PyJWTError, KeyError) as error:
        return {"refused": type(error).__name__}
json.dump([verify(check) for check in task["checks"]], sys.stdout)
`

const missing =
  spawnSync(PYTHON, ['-c', 'import jwt, cryptography'], { stdio: 'ignore' }).status !== 0 &&
  'python3-jwt is missing: apt-get install python3-jwt python3-cryptography'

t.test('an API verifies our tokens with nothing of ours: python3-jwt', { skip: missing }, async t => {
  const now = (): number => Date.now()
  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    const store = createMemoryStore({ now })
    const keys = await loadSigningKeys({ store, seal, now, ring: 'tokens', algorithm })
    const tokens = createAccessTokens({
      keys,
      issuer: ISSUER,
      audience: API,
      clientId: CLIENT_ID,
      life: 5 * MINUTE,
      now,
      random: randomBytes,
    })
    const session = {
      ...TOKEN_LOGIN,
      carrier: 'tokens',
      reference: 'reference',
      createdAt: now(),
      lastSeenAt: now(),
      expiresAt: now() + 60 * MINUTE,
      version: 1,
      rememberedDevice: undefined,
    } as const
    const { accessToken, idToken } = await tokens.issue(session, ALICE)
    const [header = '', , signature = ''] = accessToken.split('.')
    const asBob = `${header}.${part({ ...partOf(accessToken, 1), sub: 'bob' })}.${signature}`
    const results = verifyInPython(keys.jwks(), [
      { token: accessToken, algorithm, audience: API },
      { token: idToken, algorithm, audience: CLIENT_ID },
      { token: idToken, algorithm, audience: API },
      { token: asBob, algorithm, audience: API },
      { token: accessToken, algorithm: algorithm === 'RS256' ? 'ES256' : 'RS256', audience: API },
    ])
    t.same(results, [
      { claims: partOf(accessToken, 1), typ: 'at+jwt' },
      { claims: partOf(idToken, 1), typ: 'JWT' },
      { refused: 'InvalidAudienceError' },
      { refused: 'InvalidSignatureError' },
      { refused: 'InvalidAlgorithmError' },
    ])
  }
})

function verifyInPython(jwks: object, checks: readonly object[]): unknown {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', VERIFIER], {
    input: JSON.stringify({ jwks, issuer: ISSUER, checks }),
    encoding: 'utf8',
    timeout: 20_000,
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}
