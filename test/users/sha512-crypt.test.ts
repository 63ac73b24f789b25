import { spawnSync } from 'node:child_process'
import t from 'tap'
import { parseSha512Crypt, verifySha512Crypt } from '../../src/users/sha512-crypt.js'

// The test vectors of "Unix crypt using SHA-256 and SHA-512", version 0.6.
const VECTORS: readonly (readonly [string, string])[] = [
  [
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'Hello world!',
    '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
  [
    'This is just a test',
    '$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0',
  ],
  [
    'a very much longer text to encrypt.  This one even stretches over morethan one line.',
    '$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
  ],
  [
    'we have a short salt string but not a short password',
    '$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0',
  ],
  [
    'a short string',
    '$6$rounds=123456$asaltof16chars..$BtCwjqMJGx5hrJhZywWvt0RLE8uZ4oPwcelCjmw2kSYu.Ec6ycULevoBK25fs2xXgMNrCzIMVcgEJAstJeonj1',
  ],
  [
    'the minimum number is still observed',
    '$6$rounds=10$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.',
  ],
]

function verify(password: string, hash: string): boolean | undefined {
  const parsed = parseSha512Crypt(hash)
  return parsed && verifySha512Crypt(parsed, password)
}

void t.test('the published vectors are right, and nothing near them is', async t => {
  for (const [password, hash] of VECTORS) {
    t.equal(verify(password, hash), true, hash)
    t.equal(verify(`${password} `, hash), false)
  }
})

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

void t.test('hashes by openssl are right', { skip }, async t => {
  for (const password of ['x', 'correct horse battery staple', 'Grüße \u{1f600}', 'y'.repeat(200)]) {
    const { stdout } = spawnSync('openssl', ['passwd', '-6', '-stdin'], {
      input: `${password}\n`,
      encoding: 'utf8',
    })
    t.equal(verify(password, stdout.trim()), true)
    t.equal(verify(`${password}x`, stdout.trim()), false)
  }
})

void t.test('what is not such a hash, or asks for too many rounds, is not parsed', t => {
  const [, good = ''] = VECTORS[0] ?? []
  t.ok(parseSha512Crypt(good))
  const digest = good.slice(-86)
  const bad = [
    '',
    '$6$',
    `$6$salt$${digest.slice(1)}`,
    `$6$salt$${digest}x`,
    `$5$salt$${digest}`,
    `${good}\n`,
  ]
  bad.push(`$6$rounds=1000001$salt$${digest}`, `$6$rounds=-1$salt$${digest}`, `$6$rounds=$salt$${digest}`)
  bad.push(`$6$rounds=9999999999999$salt$${digest}`, `$6$${'s'.repeat(17)}$${digest}`)
  for (const hash of bad) t.equal(parseSha512Crypt(hash), undefined, JSON.stringify(hash))
  t.ok(parseSha512Crypt(`$6$rounds=1000000$salt$${digest}`))
  t.end()
})
