import t from 'tap'
import { readUsersFile } from '../../src/users/users-file.js'

const HASH = '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
const BCRYPT = '$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'

/** An Authelia file of the kind its documentation shows, with everything it may hold. */
const AUTHELIA = `---
###############################################################
#                         Users Database                      #
###############################################################

# List of users
users:
  authelia:
    disabled: false
    displayname: "Authelia User"
    # Password is authelia
    password: "${HASH}"  # yamllint disable-line rule:line-length
    email: authelia@authelia.com
    groups:
      - admins
      - dev
    given_name: 'Authelia'
    middle_name: ''
    family_name: 'User'
    nickname: ''
    gender: ''
    birthdate: ''
    website: 'https://www.authelia.com'
    profile: ''
    picture: ''
    zoneinfo: 'Europe/Berlin'
    locale: 'de-DE'
    phone_number: '+1 (425) 555-1212'
    phone_extension: '1000'
    address:
      street_address: ''
      locality: 'Mountain View'
    extra:
      example: 'value'
  Harry:
    displayname: 'Harry Potter'
    password: '{CRYPT}${BCRYPT}'
    email: ''
    groups: []
  bob:
    disabled: true
    displayname: 123
    password: ${HASH}
...
`

function faultsOf(text: string): string[] {
  const read = readUsersFile(text, 'users.yaml')
  return read.ok
    ? []
    : read.faults.map(
        ({ file, line, column, message }) => `${file}:${String(line)}:${String(column)} ${message}`,
      )
}

void t.test("a file of Authelia's is read as it is", t => {
  const read = readUsersFile(AUTHELIA, 'users_database.yml')
  t.same(faultsOf(AUTHELIA), [])
  if (!read.ok) return t.end()
  t.same([...read.users.keys()], ['authelia', 'harry', 'bob'])
  t.match(read.users.get('authelia'), {
    person: {
      subject: 'authelia',
      displayName: 'Authelia User',
      email: 'authelia@authelia.com',
      groups: ['admins', 'dev'],
      mfa: 'enabled',
    },
    passwordHash: HASH,
    disabled: false,
    phone: undefined,
  })
  t.same(read.users.get('harry')?.person.email, undefined)
  t.match(read.users.get('bob'), {
    disabled: true,
    person: { displayName: '123', groups: [], email: undefined },
  })
  return t.end()
})

void t.test('phone and mfa are ours, and texts stay as they are written', t => {
  const text = `users:
  0123: { password: ${JSON.stringify(HASH)}, phone: +4930123456, mfa: disabled, groups: [007, true, a b] }
  __proto__: { password: ${JSON.stringify(HASH)} }
  constructor: &c { password: ${JSON.stringify(HASH)}, groups: &g [ops] }
  other: { password: ${JSON.stringify(BCRYPT)}, groups: *g }
`
  const read = readUsersFile(text, 'users.yaml')
  t.same(faultsOf(text), [])
  if (!read.ok) return t.end()
  t.match(read.users.get('0123'), {
    phone: '+4930123456',
    person: { mfa: 'disabled', groups: ['007', 'true', 'a b'] },
  })
  t.equal(
    read.users.get('__proto__')?.person.displayName,
    '__proto__',
    'the name stands in for a display name',
  )
  t.same(read.users.get('other')?.person.groups, ['ops'])
  t.equal(read.users.size, 4)
  return t.end()
})

void t.test('the password version follows the hash and opens nothing', t => {
  const read = readUsersFile(
    `users: { a: { password: '${HASH}' }, b: { password: '${BCRYPT}' } }`,
    'users.yaml',
  )
  if (!read.ok) return t.fail('it is read')
  const [a, b] = [read.users.get('a')?.passwordVersion, read.users.get('b')?.passwordVersion]
  t.match(a, /^[\w-]{16}$/)
  t.not(a, b)
  return t.end()
})

void t.test('every fault is told at once, each with its place', t => {
  const text = `users:
  alice:
    password: hunter2
    displayName: Alice
  Alice:
    password: ${HASH}
    groups: ops
    mfa: off
    disabled: yes
  ALICE:
    password: ${HASH}
    email: a@b@c
    groups: ['a,b', '', "x\\ty", ok]
    phone: 0301234
  "a\\u200bb": { password: ${HASH.replaceAll(',', ';')} }
  carl:
  dora: {}
  emil: { password: [x], displayname: "two\\nlines", <<: { mfa: disabled } }
settings: {}
`
  t.same(faultsOf(text), [
    'users.yaml:3:15 `password` is not a hash that can be used.',
    'users.yaml:4:5 The key "displayName" is not known here.',
    'users.yaml:5:3 The user "alice" is there twice.',
    'users.yaml:7:13 `groups` is not a list.',
    'users.yaml:8:10 `mfa` is not what it should be.',
    'users.yaml:9:15 `disabled` is not what it should be.',
    'users.yaml:10:3 The user "alice" is there twice.',
    'users.yaml:12:12 `email` is not what it should be.',
    'users.yaml:13:14 This is not a group name.',
    'users.yaml:13:21 This is not a group name.',
    'users.yaml:13:25 This is not a group name.',
    'users.yaml:14:12 `phone` is not what it should be.',
    'users.yaml:15:3 "a\\u{200b}b" cannot be a user name.',
    'users.yaml:16:3 The user "carl" has no entries.',
    'users.yaml:17:3 There is no `password`.',
    'users.yaml:18:21 There is no `password`.',
    'users.yaml:18:39 `displayname` has a control character or a line break.',
    'users.yaml:18:53 The key "<<" is not known here.',
    'users.yaml:19:1 The key "settings" is not known here.',
  ])
  t.notMatch(JSON.stringify(readUsersFile(text, 'f')), /hunter2/)
  t.end()
})

void t.test('what is not YAML, or not users, is a fault with a place', t => {
  const places: readonly (readonly [string, RegExp])[] = [
    ['', /:1:1 There are no users here/],
    ['# only a comment\n', /There are no users here/],
    ['users:\n', /:1:\d+ There are no users here/],
    ['users: []\n', /There are no users here/],
    ['- a\n', /:1:1 There are no users here/],
    ['user:\n  a: {}\n', /The key "user" is not known here/],
    ['users:\n\ta: 1\n', /^users.yaml:2:1 .*[Tt]ab/],
    ['users:\n  a: {}\n  a: {}\n', /^users.yaml:3:3 /],
    ['users: {}\n---\nusers: {}\n', /users.yaml:2:/],
    ['users: *nobody\n', /There are no users here|alias/i],
    ['users: !!js/function x\n', /tag/],
    ['users: {a: {password: "x}}', /users.yaml:1:/],
  ]
  for (const [text, expected] of places) t.match(faultsOf(text).join('\n'), expected, JSON.stringify(text))
  t.end()
})

void t.test('hostile files are refused before long', t => {
  const bombs = [
    '- '.repeat(100_000),
    `a: &a [x]\n${Array.from({ length: 30 }, (_, n) => `b${String(n)}: &b${String(n)} [*a, *a]`).join('\n')}`,
    '['.repeat(100_000),
    '{a: '.repeat(100_000),
    'users:\n'.concat('  a: '.repeat(50_000)),
    'x'.repeat(50_000_000),
  ]
  for (const bomb of bombs) {
    const start = performance.now()
    t.not(faultsOf(bomb).length, 0)
    t.ok(
      performance.now() - start < 5000,
      `${bomb.slice(0, 10)} took ${String(performance.now() - start)} ms`,
    )
  }
  t.end()
})
