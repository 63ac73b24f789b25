import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { type CryptoKey, exportJWK, SignJWT } from 'jose'
import t from 'tap'
import { createAssertions } from '../../src/credentials/assertions.js'
import { rotateSigningKeys } from '../../src/credentials/key-ring.js'
import { loadSigningKeys } from '../../src/credentials/signing-keys.js'
import {
  ALICE,
  AUDIENCE,
  CLIENT_ID,
  credentialsBench,
  HOUR,
  ISSUER,
  MINUTE,
  part,
  partOf,
  SECOND,
  START,
  TOKEN_LOGIN,
} from './credentials-bench.js'

async function bench(...options: Parameters<typeof credentialsBench>) {
  const it = await credentialsBench(...options)
  const { record } = await it.sessions.start(TOKEN_LOGIN)
  const issued = await it.accessTokens.issue(record, ALICE)
  /** Signs claims as the gateway would, with what a test changes. */
  const forge = (changed: object, header: object = {}): Promise<string> => {
    const { kid, algorithm, privateKey } = it.keys.current()
    return new SignJWT({ ...partOf(issued.accessToken, 1), ...changed })
      .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid, ...header })
      .sign(privateKey)
  }
  return { ...it, record, issued, forge }
}

t.test('the tokens of a login say what the contract says', async t => {
  const { issued, record, keys } = await bench()
  t.equal(issued.expiresIn, 300)
  const { kid } = keys.current()
  t.same(partOf(issued.accessToken, 0), { alg: 'ES256', typ: 'at+jwt', kid })
  t.same(partOf(issued.idToken, 0), { alg: 'ES256', typ: 'JWT', kid })
  const common = {
    iss: ISSUER,
    sub: 'alice',
    exp: START / 1000 + 300,
    iat: START / 1000,
    nbf: START / 1000,
    sid: record.reference,
    auth_time: START / 1000,
    amr: ['pwd', 'otp', 'mfa'],
    acr: 'multi',
    mfa_verified: true,
    groups: ['staff', 'ops'],
  }
  const access = partOf(issued.accessToken, 1)
  const id = partOf(issued.idToken, 1)
  t.same(access, { ...common, aud: AUDIENCE, client_id: CLIENT_ID, session_version: 1, jti: access.jti })
  t.same(id, { ...common, aud: CLIENT_ID, name: 'Alice', email: 'alice@example.com', jti: id.jti })
  t.match(access.jti, /^[A-Za-z0-9_-]{22}$/)
  t.not(access.jti, id.jti)
})

t.test('g12: a password alone is no second factor in any token', async t => {
  const { accessTokens, sessions } = await bench()
  const { record } = await sessions.start({ ...TOKEN_LOGIN, proofs: TOKEN_LOGIN.proofs.slice(0, 1) })
  const { accessToken, idToken } = await accessTokens.issue(record, { ...ALICE, email: undefined })
  for (const token of [accessToken, idToken])
    t.match(partOf(token, 1), { amr: ['pwd'], acr: 'single', mfa_verified: false })
  t.notOk('email' in partOf(idToken, 1))
})

t.test('a token is read by a promise once, and then at once, until it expires', async t => {
  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    const { accessTokens, issued, record, time } = await bench({ algorithm })
    const first = accessTokens.read(issued.accessToken)
    t.ok(first instanceof Promise, algorithm)
    const claims = {
      subject: 'alice',
      reference: record.reference,
      version: 1,
      expiresAt: START + 5 * MINUTE,
    }
    t.same(await first, claims)
    const again = accessTokens.read(issued.accessToken)
    t.equal(again, await first, 'the same object')
    time.now = START + 5 * MINUTE - 1
    t.equal(accessTokens.read(issued.accessToken), again)
    time.now += 1
    t.equal(accessTokens.read(issued.accessToken), undefined, 'no skew')
    t.equal(await accessTokens.read(issued.accessToken), undefined, 'also when it is checked anew')
  }
})

t.test('a signature is checked once for many who come at once', async t => {
  const { accessTokens, issued } = await bench()
  const reads = Array.from({ length: 20 }, () => accessTokens.read(issued.accessToken))
  t.equal(new Set(reads).size, 1)
  t.match(await reads[0], { subject: 'alice' })
})

t.test('no token outlives its session', async t => {
  const { accessTokens, record, time } = await bench()
  time.now = START + 12 * HOUR - 90 * SECOND
  const { accessToken, expiresIn } = await accessTokens.issue(record, ALICE)
  t.equal(expiresIn, 90)
  t.equal(partOf(accessToken, 1).exp, record.expiresAt / 1000)
  time.now = record.expiresAt
  const late = await accessTokens.issue(record, ALICE)
  t.equal(late.expiresIn, 0)
  t.equal(await accessTokens.read(late.accessToken), undefined)
})

t.test('somebody in a thousand groups gets a token that can be read', async t => {
  const { accessTokens, record } = await bench()
  const groups = Array.from({ length: 1000 }, (_, index) => `a group of many ${index}`)
  const { accessToken } = await accessTokens.issue(record, { ...ALICE, groups })
  t.notOk('groups' in partOf(accessToken, 1))
  t.match(await accessTokens.read(accessToken), { subject: 'alice' })
})

t.test('g1, g2, g3: no other algorithm, whatever is signed how', async t => {
  const { accessTokens, issued, keys } = await bench()
  const { kid } = keys.current()
  const [header = '', payload = '', signature = ''] = issued.accessToken.split('.')
  for (const alg of [
    'none',
    'None',
    'nOnE',
    'NONE',
    '',
    'HS256',
    'RS256',
    'PS256',
    'ES384',
    'EdDSA',
    'es256',
  ])
    for (const end of [signature, '', 'AA'])
      t.equal(
        accessTokens.read(`${part({ alg, typ: 'at+jwt', kid })}.${payload}.${end}`),
        undefined,
        `${alg} ${end}`,
      )
  for (const text of ['..', `${header}.${payload}.`, `${header}..${signature}`, `.${payload}.${signature}`])
    t.equal(accessTokens.read(text), undefined, text)

  const [jwk = {}] = keys.jwks().keys
  const pem = createPublicKey({ key: jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const der = createPublicKey({ key: jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'der' })
  for (const secret of [pem, `${pem.toString()}\n`, ` ${pem.toString()}`, der, JSON.stringify(jwk)])
    for (const alg of ['HS256', 'HS384', 'HS512', 'ES256']) {
      const signed = `${part({ alg, typ: 'at+jwt', kid })}.${payload}`
      const mac = createHmac('sha256', secret).update(signed).digest('base64url')
      t.equal(await accessTokens.read(`${signed}.${mac}`), undefined, `${alg} with the public key`)
    }
})

t.test('g3: a key is used with its own algorithm only, also where the ring has another', async t => {
  const { accessTokens, issued, keys, ring } = await bench({ algorithm: 'RS256' })
  await rotateSigningKeys({ ...ring, algorithm: 'ES256', immediately: false })
  await keys.reload()
  const { kid, privateKey } = keys.current()
  const [, payload = ''] = issued.accessToken.split('.')
  for (const alg of ['PS256', 'RS384', 'RS512', 'ES256']) {
    const signed = `${part({ alg, typ: 'at+jwt', kid })}.${payload}`
    t.equal(accessTokens.read(`${signed}.${part('no matter what')}`), undefined, alg)
  }
  t.ok(privateKey)
  t.match(await accessTokens.read(issued.accessToken), { subject: 'alice' })
})

t.test('g4: a key is found by its exact id and by nothing else, without a look into the store', async t => {
  const { accessTokens, issued, keys, reads } = await bench()
  const { kid } = keys.current()
  const [, payload, signature] = issued.accessToken.split('.')
  const before = reads.count
  for (const odd of [
    undefined,
    null,
    '',
    'unknown',
    '../../dev/null',
    "' OR 1=1 --",
    'x'.repeat(10_000),
    [kid],
    { kid },
    '__proto__',
    'constructor',
    kid.toLowerCase(),
    `${kid} `,
    `${kid}\u0000`,
    0,
    true,
  ])
    t.equal(
      accessTokens.read(`${part({ alg: 'ES256', typ: 'at+jwt', kid: odd })}.${payload}.${signature}`),
      undefined,
      JSON.stringify({ odd }).slice(0, 30),
    )
  t.equal(reads.count, before)
})

t.test('g5, g6: nothing that a header brings along is looked at: it has to be ours to the byte', async t => {
  const { accessTokens, forge, keys } = await bench()
  const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = await exportJWK(attacker.publicKey)
  for (const extra of [
    { jku: 'https://evil.example/jwks.json' },
    { x5u: 'https://evil.example/cert' },
    { jwk },
    { x5c: ['MIIB'] },
    { x5t: 'abc' },
    { cty: 'JWT' },
    { zip: 'DEF' },
    { typ: 'JWT' },
    { typ: 'AT+JWT' },
    { typ: 'application/at+jwt' },
    { typ: undefined },
  ])
    t.equal(await accessTokens.read(await forge({}, extra as object)), undefined, JSON.stringify(extra))

  const { kid, privateKey } = keys.current()
  const good = await forge({})
  const [, payload = ''] = good.split('.')
  t.match(await accessTokens.read(good), { subject: 'alice' }, 'without it, it is good')
  for (const header of [
    `{"alg":"ES256","typ":"at+jwt","kid":"${kid}","crit":["x"]}`,
    `{"alg":"ES256","typ":"at+jwt","kid":"${kid}","crit":[]}`,
    `{"alg":"ES256","typ":"at+jwt","kid":"${kid}","crit":"b64"}`,
    `{"alg":"ES256","typ":"at+jwt","kid":"${kid}","b64":false,"crit":["b64"]}`,
    `{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"${kid}"}`,
    `{"alg":"ES256","typ":"at+jwt","kid":"other","kid":"${kid}"}`,
    `{"typ":"at+jwt","alg":"ES256","kid":"${kid}"}`,
    `{"alg": "ES256","typ":"at+jwt","kid":"${kid}"}`,
    ` {"alg":"ES256","typ":"at+jwt","kid":"${kid}"}`,
    `{"alg":"ES256","typ":"at+jwt","kid":"${kid}"}\n`,
    `{"\\u0061lg":"ES256","typ":"at+jwt","kid":"${kid}"}`,
  ])
    t.equal(await accessTokens.read(await signRaw(privateKey, part(header), payload)), undefined, header)
})

t.test('g7: ID tokens and assertions are no access tokens, nor is what another ring signs', async t => {
  const { accessTokens, issued, ring, now, keys } = await bench()
  t.equal(accessTokens.read(issued.idToken), undefined)
  const assertionKeys = await loadSigningKeys({ ...ring, ring: 'assertions' })
  const identity = {
    person: ALICE,
    proofs: TOKEN_LOGIN.proofs,
    hasSecondFactor: true,
    sessionReference: 'reference',
  }
  for (const signer of [assertionKeys, keys]) {
    const assertion = await createAssertions({ keys: signer, issuer: ISSUER, now }).sign(identity, AUDIENCE)
    t.equal(accessTokens.read(assertion), undefined)
    t.equal(accessTokens.looksLikeOurs(assertion), true)
  }
  const { privateKey, kid } = assertionKeys.current()
  const crossed = await new SignJWT(partOf(issued.accessToken, 1))
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
    .sign(privateKey)
  t.equal(accessTokens.read(crossed), undefined)
})

t.test('g8: every claim is checked with its type', async t => {
  const { accessTokens, forge } = await bench()
  const at = START / 1000
  for (const changed of [
    { iss: 'https://other.example' },
    { iss: undefined },
    { iss: [ISSUER] },
    { iss: `${ISSUER}/` },
    { aud: CLIENT_ID },
    { aud: [AUDIENCE] },
    { aud: [AUDIENCE, 'other'] },
    { aud: undefined },
    { client_id: 'other' },
    { client_id: undefined },
    { exp: at },
    { exp: at - 1 },
    { exp: String(at + 300) },
    { exp: at + 0.5 },
    { exp: undefined },
    { exp: null },
    { exp: -1 },
    { exp: 1e300 },
    { nbf: at + 6 },
    { nbf: String(at) },
    { nbf: undefined },
    { iat: at + 6 },
    { iat: undefined },
    { iat: 0.5 },
    { sub: '' },
    { sub: undefined },
    { sub: ['alice'] },
    { sid: undefined },
    { sid: 7 },
    { jti: undefined },
    { session_version: '1' },
    { session_version: 0 },
    { session_version: undefined },
  ])
    t.equal(await accessTokens.read(await forge(changed)), undefined, JSON.stringify(changed))
  t.ok(await accessTokens.read(await forge({ iat: at + 5, nbf: at + 5 })), 'five seconds of another clock')
})

t.test('g8: a number that is none is refused although the signature is right', async t => {
  const { accessTokens, issued, keys } = await bench()
  const { privateKey } = keys.current()
  const [header = '', payload = ''] = issued.accessToken.split('.')
  const text = Buffer.from(payload, 'base64url').toString()
  t.ok(await accessTokens.read(await signRaw(privateKey, header, part(text))), 'signed like this it is good')
  for (const exp of ['1e400', '-1e400', '1e-400', '"1e3"', '[1]', '{}', 'true', '18446744073709551616']) {
    const changed = text.replace(/"exp":\d+/, `"exp":${exp}`)
    t.equal(await accessTokens.read(await signRaw(privateKey, header, part(changed))), undefined, exp)
  }
  for (const odd of ['[]', 'null', '7', '"text"', '{', '', `${text}x`])
    t.equal(await accessTokens.read(await signRaw(privateKey, header, part(odd) || 'e30')), undefined, odd)
})

t.test('g13: what is huge costs nothing', async t => {
  const { accessTokens, issued } = await bench()
  const [header, payload, signature] = issued.accessToken.split('.')
  const deep = part('['.repeat(3000) + ']'.repeat(3000))
  const deepObject = part(`${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`)
  const many = part(Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`c${index}`, index])))
  const twice = part(`{${'"iss":"x",'.repeat(5000)}"iss":"${ISSUER}"}`)
  const texts = [
    'A'.repeat(1_000_000),
    `${'A'.repeat(1_000_000)}.${payload}.${signature}`,
    `${header}.${'A'.repeat(1_000_000)}.${signature}`,
    `${header}.${payload}.${'A'.repeat(1_000_000)}`,
    '.'.repeat(1_000_000),
    ...[deep, deepObject, many, twice].flatMap(odd => [
      `${header}.${odd}.${signature}`,
      `${odd}.${payload}.${signature}`,
    ]),
    `${part({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })}..AAAA.AAAA.AAAA`,
  ]
  for (const [index, text] of texts.entries()) {
    const start = process.hrtime.bigint()
    t.equal(await accessTokens.read(text), undefined, `text ${index}`)
    accessTokens.looksLikeOurs(text)
    t.ok(process.hrtime.bigint() - start < 50_000_000n, `text ${index} took less than 50 ms`)
  }
})

t.test('g13: more than 8 KiB is not looked at, whoever signed it', async t => {
  const { accessTokens, forge, issued } = await bench()
  const room = Math.floor(((8192 - issued.accessToken.length) * 3) / 4)
  t.ok(await accessTokens.read(await forge({ filler: 'x'.repeat(room - 20) })))
  t.equal(accessTokens.read(await forge({ filler: 'x'.repeat(room) })), undefined)
})

t.test('g14: a token cannot be changed and still be good', async t => {
  const { accessTokens, issued } = await bench()
  const { accessToken } = issued
  const [header = '', payload = '', signature = ''] = accessToken.split('.')
  const raw = Buffer.from(signature, 'base64url')
  const der = asDer(raw).toString('base64url')
  const withS = (s: bigint): string =>
    Buffer.concat([raw.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]).toString(
      'base64url',
    )
  const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
  const nextLetter = String.fromCharCode(signature.charCodeAt(85) + 1)
  for (const [what, text] of Object.entries({
    'padding behind the signature': `${accessToken}==`,
    'padding behind the header': `${header}=.${payload}.${signature}`,
    'a blank in front': ` ${accessToken}`,
    'a blank behind': `${accessToken} `,
    'a line end behind': `${accessToken}\n`,
    'a blank inside': `${header}. ${payload}.${signature}`,
    'a tab inside': `${header}.${payload}.\t${signature}`,
    'another last letter of the same bytes': `${header}.${payload}.${signature.slice(0, -1)}${nextLetter}`,
    'base64 instead of base64url': `${header}.${payload}.${raw.toString('base64')}`,
    'a fourth part': `${accessToken}.`,
    'a fourth part that says something': `${accessToken}.AAAA`,
    DER: `${header}.${payload}.${der}`,
    'r = s = 0': `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
    's = 0': `${header}.${payload}.${withS(0n)}`,
    's = n': `${header}.${payload}.${withS(order)}`,
    'half a signature': `${header}.${payload}.${raw.subarray(0, 32).toString('base64url')}`,
    'a byte more': `${header}.${payload}.${Buffer.concat([raw, Buffer.alloc(2)]).toString('base64url')}`,
    'another subject': `${header}.${part({ ...partOf(accessToken, 1), sub: 'bob' })}.${signature}`,
    'a percent sign': accessToken.replace('.', '%2e'),
    'another dot': accessToken.replaceAll('.', '。'),
    'upper case': accessToken.toUpperCase(),
  }))
    t.equal(await accessTokens.read(text), undefined, what)
  t.ok(await accessTokens.read(accessToken))
})

t.test('g14: no token is good with any one character changed', async t => {
  const { accessTokens, issued } = await bench({ algorithm: 'EdDSA' })
  const { accessToken } = issued
  const read = await Promise.all(
    Array.from(accessToken, async (letter, index) => {
      const other = letter === 'A' ? 'B' : 'A'
      return accessTokens.read(`${accessToken.slice(0, index)}${other}${accessToken.slice(index + 1)}`)
    }),
  )
  t.same(
    read.filter(claims => claims !== undefined),
    [],
  )
})

t.test('g15: what a dropped key signed is worth nothing, also when it was read before', async t => {
  const { accessTokens, issued, keys, ring, time, record } = await bench()
  t.ok(await accessTokens.read(issued.accessToken))
  await rotateSigningKeys({ ...ring, immediately: false })
  await keys.reload()
  t.ok(accessTokens.read(issued.accessToken), 'good in the overlap')
  time.now += 10 * MINUTE
  const next = await accessTokens.issue(record, ALICE)
  t.not(partOf(next.accessToken, 0).kid, partOf(issued.accessToken, 0).kid)
  t.ok(await accessTokens.read(next.accessToken))
  await rotateSigningKeys({ ...ring, immediately: true })
  await keys.reload()
  t.equal(accessTokens.read(next.accessToken), undefined)
  t.equal(accessTokens.read(next.accessToken), undefined)
})

t.test('a clock that is set back makes no token of the future good', async t => {
  const { accessTokens, issued, time } = await bench()
  t.ok(await accessTokens.read(issued.accessToken))
  time.now = START - 6 * SECOND
  t.equal(accessTokens.read(issued.accessToken), undefined)
  t.equal(await accessTokens.read(issued.accessToken), undefined)
})

t.test('a bearer value that names us is ours, good or not; others are the business of the app', async t => {
  const { accessTokens, issued, time } = await bench()
  const [header = '', payload = '', signature = ''] = issued.accessToken.split('.')
  time.now += HOUR
  for (const text of [
    issued.accessToken,
    issued.idToken,
    ` ${issued.accessToken}`,
    `${issued.accessToken}=`,
    `${header}.${payload}==.${signature}`,
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `nonsense.${payload}.nonsense`,
    `${header}.${part({ iss: ISSUER })}.${signature}`,
    `${header}.${part(` {"iss" : "${ISSUER}"} `)}.${signature}`,
  ])
    t.equal(accessTokens.looksLikeOurs(text), true, text)
  for (const text of [
    '',
    '.',
    '..',
    'gh_abc',
    'opaque',
    `${header}.${part({ iss: 'https://accounts.example' })}.${signature}`,
    `${header}.${part({ sub: 'alice' })}.${signature}`,
    `${header}.${part([ISSUER])}.${signature}`,
    `${header}.${part({ iss: [ISSUER] })}.${signature}`,
    `${header}.${part('null')}.${signature}`,
    `${header}.%%%.${signature}`,
  ])
    t.equal(accessTokens.looksLikeOurs(text), false, text)
})

/** Signs parts as they are, without anything that a library would mend. */
async function signRaw(key: CryptoKey, header: string, payload: string): Promise<string> {
  const data = Buffer.from(`${header}.${payload}`)
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, data)
  return `${header}.${payload}.${Buffer.from(signature).toString('base64url')}`
}

/** The ASN.1 form of an ECDSA signature (RFC 3279, 2.2.3), which JWS does not use. */
function asDer(raw: Buffer): Buffer {
  const integer = (bytes: Buffer): Buffer => {
    const start = bytes.findIndex(byte => byte !== 0)
    const short = bytes.subarray(Math.max(0, start))
    const value = (short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), short]) : short
    return Buffer.concat([Buffer.of(2, value.length), value])
  }
  const body = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))])
  return Buffer.concat([Buffer.of(0x30, body.length), body])
}
