import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../src/cli/shadow.js'
import { loadConfig } from '../../src/config/load-config.js'
import { writeShadowReport } from '../../src/gate/shadow-reports.js'
import type { DifferenceKind, ShadowReport } from '../../src/gate/shadow-tally.js'
import { openLmdbStore } from '../../src/store/lmdb-store.js'
import { HOST, startGateway } from '../harness/gateway.js'
import { exchange } from '../harness/raw-client.js'
import { startRecordingUpstream } from '../harness/recording-upstream.js'
import { get } from '../harness/siege.js'
import { testIo } from './test-io.js'

const NOW = Date.UTC(2027, 0, 15, 8)
const LIVE = `public_url: https://wiki.example.com
upstream: http://127.0.0.1:3000
users: { file: users.yaml }
routes:
  - path: /assets/**
    access: public
`
const NEXT = LIVE.replace('    access: public', '    methods: [GET]\n    access: public')

function deployment(t: Test, files: Readonly<Record<string, string>>) {
  const cwd = t.testdir({ ...files })
  const hashOf = (name: string): string => {
    const loaded = loadConfig(join(cwd, name), {
      readFile: path => readFileSync(path, 'utf8'),
      env: {},
      now: NOW,
    })
    return loaded.ok ? loaded.config.hash : ''
  }
  return { cwd, pair: () => ({ live: hashOf('gateway.yaml'), shadow: hashOf('next.yaml') }) }
}

async function shadow(cwd: string, ...args: readonly string[]) {
  const io = testIo(cwd)
  const code = await run(args, io)
  return { code, ...io.written }
}

/** Writes reports as processes of a gateway do. */
async function write(cwd: string, reports: readonly ShadowReport[], at = NOW): Promise<void> {
  const store = openLmdbStore({ directory: join(cwd, 'data'), now: () => at })
  for (const [index, report] of reports.entries())
    await writeShadowReport(store, `${at} ${index}`, report, at)
  await store.close()
}

const COUNTS = { compared: 10, different: 0, opened: 0, closed: 0, unknown: 0, skipped: 0, further: 0 }

function kind(count: number, rest: Partial<DifferenceKind> = {}): DifferenceKind {
  return {
    live: {
      outcome: 'allow',
      reason: 'public',
      route: 'wiki /assets/**',
      place: { file: 'gateway.yaml', line: 5, column: 5 },
    },
    shadow: { outcome: 'login', route: 'wiki (default)' },
    count,
    firstAt: NOW - 5_000,
    lastAt: NOW - 1_000,
    example: { method: 'POST', host: 'wiki.example.com', path: '/assets/a', address: '192.0.2.7' },
    ...rest,
  }
}

t.test('reports of the two files as they are now are added up, the most frequent kind first', async t => {
  const { cwd, pair } = deployment(t, { 'gateway.yaml': `${LIVE}shadow: next.yaml\n`, 'next.yaml': NEXT })
  const opening = kind(3, {
    live: { outcome: 'refused', reason: 'encoded_slash' },
    shadow: {
      ...kind(0).live,
      route: "wiki /it's/**",
      place: { file: join(cwd, 'next.yaml'), line: 9, column: 5 },
    },
    lastAt: NOW,
    example: {
      method: 'GET',
      host: 'wiki.example.com',
      path: "/it's%2F$x",
      subject: 'alice',
      factors: ['webauthn'],
      factorAge: 360_000,
      address: '192.0.2.8',
    },
  })
  const moved = kind(1, {
    live: { ...kind(0).live, upstream: 'http://one' },
    shadow: { ...kind(0).live, upstream: 'http://two' },
    example: { ...kind(0).example, subject: 'backup', token: { scopes: ['a', 'b'], owner: 'machine' } },
  })
  const base = { ...pair(), since: NOW - 60_000, until: NOW, ...COUNTS }
  await write(cwd, [
    { ...base, compared: 1_000, different: 5, opened: 3, closed: 2, unknown: 1, kinds: [kind(2), opening] },
    {
      ...base,
      since: NOW - 90_000,
      compared: 234,
      different: 5,
      closed: 4,
      skipped: 7,
      kinds: [kind(4), moved],
    },
    { ...base, live: 'another', compared: 99, different: 99, kinds: [kind(99)] },
    { ...base, shadow: 'another', compared: 99, different: 99, kinds: [kind(99)] },
  ])
  await write(
    cwd,
    [{ ...base, compared: 77 }].map(old => ({ ...old, kinds: [] })),
    NOW - 8 * 86_400_000,
  )
  const { live, shadow: next } = pair()
  t.same(await shadow(cwd, 'report'), {
    code: 1,
    err: '',
    out: `1,234 requests compared, 10 decided otherwise, 3 would become more open.
Now: gateway.yaml (${live}). Then: next.yaml (${next}).
Counted from 2027-01-15 07:58:30 to 2027-01-15 08:00:00 UTC.
Of 1 request it could not be found out who asked: compared as nobody's. The log says why.
7 requests came too fast to be compared: they are in none of these counts.

6 x  allow (public) -> login   more closed
    now:  wiki /assets/**  gateway.yaml:5
    then: wiki (default)
    e.g.  POST https://wiki.example.com/assets/a by nobody from 192.0.2.7
    last  2027-01-15 07:59:59 UTC
    look  gatehouse explain POST https://wiki.example.com/assets/a --from 192.0.2.7 --config next.yaml

3 x  refused (encoded_slash) -> allow (public)   MORE OPEN
    now:  (refused before any route is asked)
    then: wiki /it's/**  next.yaml:9
    e.g.  GET https://wiki.example.com/it's%2F$x by alice from 192.0.2.8
    last  2027-01-15 08:00:00 UTC
    look  gatehouse explain GET 'https://wiki.example.com/it'\\''s%2F$x' --as alice --mfa-age 360s --factor webauthn --from 192.0.2.8 --config next.yaml

1 x  allow (public) -> allow (public)   another upstream
    now:  wiki /assets/**  gateway.yaml:5  to http://one
    then: wiki /assets/**  gateway.yaml:5  to http://two
    e.g.  POST https://wiki.example.com/assets/a by backup (API token) from 192.0.2.7
    last  2027-01-15 07:59:59 UTC
    look  gatehouse explain POST https://wiki.example.com/assets/a --token-scopes a,b --from 192.0.2.7 --config next.yaml
`,
  })
  const { code, out } = await shadow(cwd, 'report', '--json')
  t.equal(code, 1)
  t.match(JSON.parse(out), {
    live: { file: 'gateway.yaml', hash: live },
    shadow: { file: 'next.yaml', hash: next },
    processes: 2,
    compared: 1_234,
    different: 10,
    opened: 3,
    closed: 6,
    kinds: [{ count: 6, live: { outcome: 'allow' } }, { count: 3 }, { count: 1 }],
  })
})

t.test('no difference is 0, and nothing compared is no answer', async t => {
  const { cwd, pair } = deployment(t, { 'gateway.yaml': `${LIVE}shadow: next.yaml\n`, 'next.yaml': NEXT })
  t.match(await shadow(cwd, 'report'), {
    code: 1,
    out: /^0 requests compared, .*\n.*\nNothing was counted yet/,
  })
  const report = { ...pair(), since: NOW, until: NOW, ...COUNTS, kinds: [] }
  await write(cwd, [report])
  t.match(await shadow(cwd, 'report'), {
    code: 0,
    out: /^10 requests compared, 0 decided otherwise, 0 would/,
  })
  writeFileSync(join(cwd, 'gateway.yaml'), `${LIVE}shadow: next.yaml\n# edited\n`)
  t.match(await shadow(cwd, 'report'), { code: 1, out: /there are counts for an earlier text of it/ })
})

t.test(
  'further kinds, long paths and hidden ones are told without a command that would not work',
  async t => {
    const { cwd, pair } = deployment(t, { 'gateway.yaml': `${LIVE}shadow: next.yaml\n`, 'next.yaml': NEXT })
    const cut = kind(2, { example: { ...kind(0).example, path: '/assets/xxx…' } })
    const hidden = kind(1, {
      shadow: { outcome: 'own' },
      example: { ...kind(0).example, path: '/a/********' },
    })
    await write(cwd, [
      {
        ...pair(),
        since: NOW,
        until: NOW,
        ...COUNTS,
        different: 7,
        closed: 7,
        further: 4,
        kinds: [cut, hidden],
      },
    ])
    const { out } = await shadow(cwd, 'report')
    t.match(out, /then: \(for the gateway itself\)/)
    t.match(out, /\n4 x {2}of further kinds/)
    t.notMatch(out, /gatehouse explain/)
  },
)

t.test('what a gateway has counted is there after its end', async t => {
  const upstream = await startRecordingUpstream(t)
  const yaml = `public_url: https://${HOST}\nupstream: ${upstream.url}\nusers: { file: users.yaml }\n`
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-shadow-'))
  t.teardown(() => {
    rmSync(directory, { recursive: true })
  })
  const gateway = await startGateway(t, {
    yaml: `${yaml}store: { embedded: '${directory}' }\nshadow: next.yaml\n`,
    shadow: `${yaml}routes: [{ path: /open, access: public }]\n`,
    store: now => openLmdbStore({ directory, now }),
  })
  await exchange(gateway, get('/open?secret=1'), { answers: 1 })
  await exchange(gateway, get('/closed'), { answers: 1 })
  await gateway.close()
  const { code, out } = await shadow(dirname(gateway.configFile), 'report')
  t.equal(code, 1)
  t.match(out, /^2 requests compared, 1 decided otherwise, 1 would become more open\.\n/)
  t.match(out, /\n1 x {2}login -> allow \(public\) {3}MORE OPEN\n {4}now: {2}gw \(default\)\n/)
  t.match(out, /\n {4}then: gw \/open {2}next\.yaml:4\n/)
  t.notMatch(out, /secret/)
})

t.test('no shadow, a broken one, and what is not understood', async t => {
  const { cwd } = deployment(t, {
    'gateway.yaml': LIVE,
    'broken.yaml': `${LIVE}shadow: bad.yaml\n`,
    'bad.yaml': `${LIVE}lisen: x\n`,
    'self.yaml': `${LIVE}shadow: ./self.yaml\n`,
  })
  t.match(await shadow(cwd, 'report'), {
    code: 1,
    err: /gateway\.yaml names no shadow policy\. .* "shadow: next\.yaml"/,
  })
  t.match(await shadow(cwd, 'report', '--config', 'broken.yaml'), {
    code: 1,
    err: /^bad\.yaml:7:1: error: "lisen"/,
  })
  t.match(await shadow(cwd, 'report', '--config', 'self.yaml'), {
    code: 1,
    err: /self\.yaml:7:9: error: the shadow is this very file[^]*Cure: copy the file/,
  })
  t.match(await shadow(cwd), { code: 2, err: /gatehouse shadow report/ })
  t.match(await shadow(cwd, 'reprot'), { code: 2, err: /"reprot" is nothing/ })
  t.match(await shadow(cwd, '--help'), { code: 0, out: /gatehouse shadow report/ })
})
