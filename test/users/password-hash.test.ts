import { pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto'
import * as argon2 from '@node-rs/argon2'
import * as bcrypt from '@node-rs/bcrypt'
import t from 'tap'
import { hashPassword, isUsableHash, needsRenewal, verifyPassword } from '../../src/users/password-hash.js'

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
const adapted = (bytes: Buffer): string => unpadded(bytes).replaceAll('+', '.')

function scryptHash(password: string, ln: number, r: number, p: number): string {
  const salt = randomBytes(16)
  const digest = scryptSync(password, salt, 32, { N: 2 ** ln, r, p, maxmem: 2 ** 28 })
  return `$scrypt$ln=${String(ln)},r=${String(r)},p=${String(p)}$${unpadded(salt)}$${unpadded(digest)}`
}

function pbkdf2Hash(password: string, variant: string, digest: string, iterations: number): string {
  const salt = randomBytes(16)
  const derived = pbkdf2Sync(password, salt, iterations, 64, digest)
  return `$pbkdf2${variant}$${String(iterations)}$${adapted(salt)}$${adapted(derived)}`
}

async function isRightOnlyFor(
  t: { equal: (a: unknown, b: unknown, message: string) => unknown },
  hash: string,
  password: string,
) {
  t.equal(isUsableHash(hash), true, `usable: ${hash}`)
  t.equal(verifyPassword(password, hash), 'right', hash)
  t.equal(verifyPassword(`x${password}`, hash), 'wrong', hash)
  t.equal(verifyPassword('', hash), 'wrong', hash)
}

void t.test('our own hashes are argon2id at 19 MiB and two passes, each with its own salt', async t => {
  const hash = hashPassword('correct horse')
  t.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.not(hashPassword('correct horse'), hash)
  await isRightOnlyFor(t, hash, 'correct horse')
  t.equal(needsRenewal(hash, 'correct horse'), false)
})

void t.test('every form that the gateway accepts is right for its password only', async t => {
  const password = 'pässword \u{1f600}'
  const hashes = [
    await argon2.hash(password, { memoryCost: 64, timeCost: 1, parallelism: 1 }),
    await argon2.hash(password, { memoryCost: 65_536, timeCost: 3, parallelism: 4 }),
    ...(['2a', '2b', '2y'] as const).map(version => bcrypt.hashSync(password, { cost: 4, version })),
    scryptHash(password, 10, 8, 1),
    scryptHash(password, 4, 1, 16),
    pbkdf2Hash(password, '', 'sha1', 1000),
    pbkdf2Hash(password, '-sha1', 'sha1', 1000),
    pbkdf2Hash(password, '-sha256', 'sha256', 1000),
    pbkdf2Hash(password, '-sha512', 'sha512', 1000),
  ]
  for (const hash of hashes) await isRightOnlyFor(t, hash, password)
  await isRightOnlyFor(t, `{CRYPT}${hashes[0] ?? ''}`, password)
})

void t.test('published vectors of the forms are right', async t => {
  // The tests of Argon2's reference implementation; RFC 7914, section 12, in PHC form; OpenBSD's bcrypt test; the specification of sha512-crypt.
  const digest = Buffer.from(
    'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    'hex',
  )
  await isRightOnlyFor(
    t,
    `$scrypt$ln=10,r=8,p=16$${unpadded(Buffer.from('NaCl'))}$${unpadded(digest)}`,
    'password',
  )
  await isRightOnlyFor(
    t,
    '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
    'password',
  )
  await isRightOnlyFor(t, '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U')
  await isRightOnlyFor(
    t,
    '$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
    'a very much longer text to encrypt.  This one even stretches over morethan one line.',
  )
})

void t.test('bcrypt looks at 72 bytes, and such a hash is not renewed by a longer password', async t => {
  const password = 'ab'.repeat(40)
  const hash = bcrypt.hashSync(password, { cost: 4 })
  t.equal(verifyPassword(password, hash), 'right')
  t.equal(verifyPassword(`${password.slice(0, 72)}slip`, hash), 'right')
  t.equal(needsRenewal(hash, password), false)
  t.equal(needsRenewal(hash, 'short'), true)
})

void t.test('weaker forms are renewed, equal and stronger ones stay', t => {
  const salt = `c2FsdHNhbHRzYWx0$${'A'.repeat(43)}`
  for (const parameters of ['m=19456,t=2,p=1', 'm=47104,t=1,p=1', 'm=7168,t=5,p=1', 'm=65536,t=3,p=4']) {
    t.equal(needsRenewal(`$argon2id$v=19$${parameters}$${salt}`, 'p'), false, parameters)
    t.equal(needsRenewal(`$argon2i$v=19$${parameters}$${salt}`, 'p'), true, parameters)
  }
  for (const parameters of ['m=19456,t=1,p=1', 'm=4096,t=40,p=1']) {
    t.equal(needsRenewal(`$argon2id$v=19$${parameters}$${salt}`, 'p'), true, parameters)
  }
  t.equal(needsRenewal(scryptHash('p', 10, 8, 1), 'p'), true)
  t.equal(needsRenewal(pbkdf2Hash('p', '-sha512', 'sha512', 1000), 'p'), true)
  t.equal(needsRenewal('garbage', 'p'), false)
  t.end()
})

void t.test(
  'what is not a usable hash is wrong for every password, at once and without an exception',
  async t => {
    const tail = `$c2FsdHNhbHRzYWx0$${'A'.repeat(43)}`
    const digest = 'A'.repeat(86)
    const bad = [
      '',
      'plain password',
      '$',
      '$argon2id$',
      `$argon2d$v=19$m=64,t=1,p=1${tail}`,
      `$argon2id$v=16$m=64,t=1,p=1${tail}`,
      `$argon2id$v=19$m=4294967295,t=1,p=1${tail}`,
      `$argon2id$v=19$m=1048577,t=1,p=1${tail}`,
      `$argon2id$v=19$m=1048576,t=9999,p=1${tail}`,
      `$argon2id$v=19$m=64,t=0,p=1${tail}`,
      `$argon2id$v=19$m=64,t=1,p=0${tail}`,
      `$argon2id$v=19$m=64,t=1,p=255${tail}`,
      `$argon2id$v=19$m=64,t=1,p=1$$`,
      `$2b$31$${'a'.repeat(53)}`,
      `$2b$03$${'a'.repeat(53)}`,
      `$2x$10$${'a'.repeat(53)}`,
      `$2b$10$${'a'.repeat(52)}`,
      `$scrypt$ln=31,r=8,p=1$c2FsdA$${digest}`,
      `$scrypt$ln=17,r=999,p=1$c2FsdA$${digest}`,
      `$scrypt$ln=17,r=8,p=999$c2FsdA$${digest}`,
      `$scrypt$ln=0,r=8,p=1$c2FsdA$${digest}`,
      '$scrypt$ln=10,r=8,p=1$c2FsdA$AA',
      `$pbkdf2-sha512$99999999$c2FsdA$${digest}`,
      `$pbkdf2-md5$1000$c2FsdA$${digest}`,
      `$pbkdf2-sha512$0$c2FsdA$${digest}`,
      '$pbkdf2-sha512$1000$c2FsdA$A',
      `$6$rounds=99999999$salt$${digest}`,
      '$1$salt$qJH7.N4xYta3aEG/dfqo/0',
      '$y$j9T$salt$hash',
      '\u0000'.repeat(100),
    ]
    const start = performance.now()
    for (const hash of bad) {
      t.equal(isUsableHash(hash), false, hash)
      t.equal(verifyPassword('', hash), 'wrong', hash)
      t.equal(verifyPassword('password', hash), 'wrong', hash)
    }
    t.ok(performance.now() - start < 1000)
  },
)
