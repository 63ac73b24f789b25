import { createReadStream, statSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { CliIo, OpenedFile } from '../../src/cli/cli-io.js'
import { run } from '../../src/cli/replay.js'
import type { ReplayReport } from '../../src/policy/replay/replay-report.js'
import { usersYaml } from '../harness/demo-users.js'
import { testIo, type TestIoOptions } from './test-io.js'

const OLD = `public_url: https://wiki.example.com
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
routes:
  - path: /assets/**
    access: public
  - path: /reports/**
    access: bypassed
    reason: the kiosk has no phone
    until: 2027-01-20
  - path: /admin/**
    access: required
    groups: [ops]
`
const NEXT = OLD.replace('/assets/**\n    access: public', '/assets/**\n    access: enrolled')
  .replace('groups: [ops]', 'groups: [staff]')
  .replace(
    '    access: bypassed\n    reason: the kiosk has no phone\n    until: 2027-01-20\n',
    '    access: public\n',
  )

const line = (request: string, user = '-', day = '15/Jan/2027') =>
  `192.0.2.7 - ${user} [${day}:08:00:01 +0000] "${request} HTTP/1.1" 200 12 "-" "curl/8"\n`

const LOG = [
  line('GET /assets/a.js?v=s3cret'),
  line('GET /assets/b.js'),
  line('GET /wiki'),
  line('GET /reports/q1'),
  line('GET /admin/x', 'bob'),
  line('GET /admin/x', 'alice'),
  line('GET /a/../b'),
  'what is this? token=s3cret\n',
  line('-').replace(' HTTP/1.1', ''),
].join('')

type Files = Readonly<Record<string, string | Buffer>>

async function deployment(t: Test, files: Files = {}) {
  const users = await usersYaml([
    { name: 'alice', groups: ['ops'] },
    { name: 'bob', groups: ['staff'] },
    { name: 'kiosk', mfa: 'disabled' },
  ])
  const cwd = t.testdir({
    'gateway.yaml': OLD,
    'next.yaml': NEXT,
    'users.yaml': users,
    'access.log': LOG,
    ...files,
  })
  const replay = async (args: string, io: Partial<CliIo> = {}, options: TestIoOptions = {}) => {
    const made = testIo(cwd, options)
    const code = await run(args.split(' '), {
      ...made,
      untilStopped: () => new Promise(() => undefined),
      ...io,
    })
    return { code, out: made.written.out, err: made.written.err }
  }
  const report = async (args: string, io: Partial<CliIo> = {}) => {
    const { code, out, err } = await replay(`${args} --json`, io)
    if (out === '') throw new Error(err)
    return { code, err, ...(JSON.parse(out) as ReplayReport & { stopped: boolean; broken: unknown[] }) }
  }
  return { replay, report }
}

t.test('each difference is told with its count, both routes, a line and what it opens', async t => {
  const { report } = await deployment(t)
  const { code, counts, differences, notUnderstood } = await report('access.log --against next.yaml')
  t.equal(code, 1)
  t.match(counts, { lines: 9, judged: 7, notUnderstood: 1, noRequest: 1, withoutHost: 7 })
  t.match(counts.users, { known: 2, none: 5, unknown: 0 })
  t.same(
    differences.map(({ direction, as, old, next, count, example }) => [
      direction,
      as,
      `${old.outcome} ${old.place?.file ?? ''}:${old.place?.line ?? ''}`,
      `${next.outcome} ${next.place?.file ?? ''}:${next.place?.line ?? ''}`,
      count,
      `${example.file}:${example.line} ${example.request}`,
    ]),
    [
      [
        'opened',
        'nobody',
        'login gateway.yaml:7',
        'allow next.yaml:7',
        1,
        'access.log:4 GET wiki.example.com/reports/q1',
      ],
      [
        'opened',
        'user',
        'deny gateway.yaml:11',
        'allow next.yaml:9',
        1,
        'access.log:5 GET wiki.example.com/admin/x',
      ],
      [
        'closed',
        'nobody',
        'allow gateway.yaml:5',
        'login next.yaml:5',
        2,
        'access.log:1 GET wiki.example.com/assets/a.js?v=********',
      ],
      [
        'closed',
        'user',
        'allow gateway.yaml:11',
        'deny next.yaml:9',
        1,
        'access.log:6 GET wiki.example.com/admin/x',
      ],
    ],
  )
  t.match(notUnderstood, [{ line: 8, request: 'what is this? token=********' }])
})

t.test('the same policy makes no difference, and exit code 0', async t => {
  const { replay } = await deployment(t)
  const { code, out } = await replay('access.log --against gateway.yaml')
  t.equal(code, 0)
  t.match(out, 'No difference: both policies decide every line alike.')
})

t.test('the text shows what was taken for granted, the counts, and so many differences', async t => {
  const { replay } = await deployment(t)
  const { out } = await replay('access.log --against next.yaml --limit 1')
  t.match(out, '9 lines read, 7 judged by gateway.yaml (old) and next.yaml (new), 1 without a request')
  t.match(out, 'access.log:8  what is this? token=********')
  t.match(out, '5 lines name no user: each is judged twice')
  t.match(out, '2 lines name a user of the users file')
  t.match(out, '7 lines name no host: it is taken to be wiki.example.com ("public_url").')
  t.match(out, /\* +wiki \/assets\/\*\* +allow +2 +0\n/)
  t.match(out, 'OPENED  login -> allow, as nobody: 1 line\n  old  wiki /reports/**  gateway.yaml:7\n')
  t.match(out, '3 more differences; --limit 4 shows them all.')
  t.match(out, 'Judgements that differ: 2 opened, 3 closed, 0 changed')
  t.notMatch(out, 's3cret')
})

t.test('the time of a line decides whether a bypass has ended, or --at does', async t => {
  const log = line('GET /reports/a', 'kiosk') + line('GET /reports/a', 'kiosk', '21/Jan/2027')
  const { report } = await deployment(t, { 'kiosk.log': log })
  const outcomes = async (args: string) => {
    const { old } = await report(`kiosk.log --against next.yaml ${args}`)
    return old.map(({ outcome, count }) => `${outcome} ${count}`).sort()
  }
  t.same(await outcomes(''), ['allow 1', 'deny 1'])
  t.same(await outcomes('--at 2027-01-19T00:00Z'), ['allow 2'])
  t.same(await outcomes('--at 2027-02-01T00:00Z'), ['deny 2'])
})

t.test('several files, compressed ones, mixed formats and the standard input are read', async t => {
  const json = JSON.stringify({
    method: 'GET',
    host: 'wiki.example.com',
    path: '/assets/x',
    address: '192.0.2.7',
  })
  const mixed = `${json}\nwiki.example.com ${line('GET /assets/y')}`
  const { report } = await deployment(t, { 'old.log.gz': gzipSync(LOG), 'mixed.log': mixed })
  const stream = new PassThrough()
  stream.end(line('GET /assets/z'))
  const openFile = (path: string): OpenedFile =>
    path === '-'
      ? { bytes: undefined, open: () => stream }
      : { bytes: statSync(path).size, open: () => createReadStream(path) }
  const { counts, differences } = await report('old.log.gz mixed.log - --against next.yaml', { openFile })
  t.match(counts, { lines: 12, judged: 10, withoutHost: 8 })
  t.equal(differences.find(({ as, direction }) => as === 'nobody' && direction === 'closed')?.count, 5)
})

t.test('--host is the host of lines that name none', async t => {
  const { replay, report } = await deployment(t)
  const { code, old } = await report('access.log --against next.yaml --host Other.example')
  t.equal(code, 0)
  t.match(old[0], { outcome: 'not_found', route: '(no app has this host)' })
  const { out } = await replay('access.log --against next.yaml --host other.example')
  t.match(out, 'it is taken to be other.example (--host; no app has it, so say with --host which).')
})

t.test('what could not be read is no success', async t => {
  const { replay } = await deployment(t, {
    'strange.log': 'a\nb\n',
    'empty.log': '',
    'cut.log.gz': gzipSync(LOG.repeat(100)).subarray(0, -20),
  })
  const strange = await replay('strange.log --against gateway.yaml')
  t.equal(strange.code, 1)
  t.match(strange.out, 'No line could be judged')
  const cut = await replay('cut.log.gz --against gateway.yaml')
  t.equal(cut.code, 1)
  t.match(cut.err, /^cut\.log\.gz was not read to its end: /)
  t.equal((await replay('empty.log --against gateway.yaml')).code, 1)
  await t.rejects(replay('missing.log --against gateway.yaml'), /ENOENT/)
  t.equal((await replay('access.log --against missing.yaml')).code, 1)
})

t.test('Ctrl-C ends it with what was counted so far', async t => {
  const { replay, report } = await deployment(t)
  const stopWhenRead = () => {
    let stop = (): void => undefined
    const stopped = new Promise<void>(resolve => (stop = resolve))
    const stream = new PassThrough()
    stream.write(LOG)
    const take = stream[Symbol.asyncIterator].bind(stream)
    stream[Symbol.asyncIterator] = () => {
      setImmediate(() => setImmediate(stop))
      return take()
    }
    return { openFile: () => ({ bytes: undefined, open: () => stream }), untilStopped: () => stopped }
  }
  const { code, counts, stopped } = await report('- --against gateway.yaml', stopWhenRead())
  t.equal(code, 1, 'although nothing differs')
  t.equal(stopped, true)
  t.equal(counts.lines, 9)
  const { out } = await replay('- --against gateway.yaml', stopWhenRead())
  t.match(out, 'Stopped before the end: the rest was not looked at.')
})

t.test('progress is shown to a person only, and wiped out', async t => {
  const { replay } = await deployment(t)
  let now = 0
  const clock = { now: () => (now += 1000) }
  const seen = await replay('access.log --against gateway.yaml', clock, { person: true })
  t.match(seen.err, /\[#{24}\] 100 % of 0 MB, 9 lines, 9 lines\/s, 0 s left\r\u001b\[K$/)
  t.equal((await replay('access.log --against gateway.yaml', clock)).err, '')
})

t.test('what is not understood is told with the help', async t => {
  const { replay } = await deployment(t)
  for (const args of [
    'access.log',
    '--against next.yaml',
    'access.log --against next.yaml --limit x',
    'access.log --against next.yaml --host a/b',
    'access.log --against next.yaml --at noon',
  ]) {
    const { code, err } = await replay(args)
    t.equal(code, 2, args)
    t.match(err, 'gatehouse replay ACCESS_LOG')
  }
})
