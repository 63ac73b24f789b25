import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { parse, stringify } from 'yaml'
import { amrOf, type Method } from '../../src/access/assurance.js'
import { loadConfig } from '../../src/config/load-config.js'
import { formatProblem } from '../../src/documents/problem.js'
import { problemReasons } from '../../src/portal/problem-reasons.js'
import { readUsersFile } from '../../src/users/users-file.js'
import { MAIN } from '../cli/gatehouse-process.js'
import { noAuthenticator } from '../harness/authenticator.js'
import { TEST_CERTIFICATE, TEST_KEY } from '../harness/certificate.js'
import { PASSWORD, usersYaml } from '../harness/demo-users.js'
import {
  type ClientBench,
  enrol,
  mailOf,
  noPyJwt,
  openBench,
  PHONE,
  PYTHON,
  type RunningClient,
  runClient,
  SMS_SECRET,
} from './clients/client-bench.js'
import { codeIn } from './place.js'
import { codesIn, readReadme, type ReadmeBlock, tableWith } from './readme-blocks.js'

const readme = readReadme()

/** Blocks without a language are for eyes, or what they say is done by other tests and by the build. */
const ELSEWHERE = [
  'Try it',
  'How it works',
  'Put it before an app',
  'Another path, other headers',
  'Serving https',
  'Behind another proxy that asks (forward-auth)',
  'More than one machine',
  'From the embedded store to Redis',
  'Several workers on one machine',
  'Run it in Kubernetes',
  'Operate it',
  'Look at it from outside',
  'Development',
]

/** The test of the policy change runs all that these sections print. */
const POLICY_CHANGE = ['Change a policy without fear', 'Coming from elsewhere']

/** What no test below has taken yet. */
const left = new Set(
  readme.blocks.filter(
    ({ section, language }) =>
      (language !== '' || !ELSEWHERE.includes(section)) && !POLICY_CHANGE.includes(section),
  ),
)

/** One block of a language under a heading. Each is taken by a test. */
function take(section: string, language: string, place = 0): ReadmeBlock {
  const block = readme.blocks.filter(one => one.section === section && one.language === language)[place]
  if (block === undefined)
    throw new Error(`README.md has no block ${place} of ${language} under "${section}"`)
  left.delete(block)
  return block
}

t.test('every configuration in the README loads, and is warned of where the README says so', async t => {
  const [hash = ''] = /\$argon2id\$[^"]+/.exec(await usersYaml([{ name: 'alice' }])) ?? []
  const configurations = readme.blocks.filter(
    ({ language, section }) => language === 'yaml' && !POLICY_CHANGE.includes(section),
  )
  for (const block of configurations) {
    left.delete(block)
    const where = `README.md:${block.line}`
    if (block.text.startsWith('users:\n')) {
      const users = block.text.replaceAll(/'\$argon2id\$[^']*'/g, `'${hash}'`)
      t.match(readUsersFile(users, 'users.yaml'), { ok: true }, where)
      continue
    }
    const written = parse(block.text) as Record<string, unknown>
    const app = 'apps' in written ? {} : { upstream: 'http://127.0.0.1:3000' }
    const base = { public_url: 'https://wiki.example.com', users: { file: 'users.yaml' }, ...app }
    const loaded = loadConfig('gateway.yaml', {
      readFile: path => {
        if (path.endsWith('gateway.yaml')) return stringify({ ...base, ...written })
        if (path.endsWith('.key')) return TEST_KEY
        return /\.(?:crt|pem)$/.test(path) ? TEST_CERTIFICATE : SMS_SECRET
      },
      env: {},
      now: Date.UTC(2026, 10, 22),
    })
    t.ok(loaded.ok, `${where} ${loaded.ok ? '' : loaded.problems.map(formatProblem).join('\n')}`)
    const expected =
      block.section === 'Every way in' ? /algorithm|digits|e-mail is not|text messages are/ : /^$/
    for (const { message } of loaded.ok ? loaded.warnings : []) t.match(message, expected, where)
  }
})

t.test('the table of factors tells what tokens say', t => {
  const rows = tableWith(readme, 'factor', '`amr`', 'proves')
  t.equal(rows.length, 7)
  for (const [factor = '', amr = ''] of rows) {
    const [method] = codesIn(factor) as readonly Method[]
    if (method === undefined) throw new Error(`a row without a factor: ${factor}`)
    const kinds = method === 'webauthn' ? [{ synced: false }, { synced: true }] : [{}]
    const names = kinds.flatMap(traits => amrOf([{ method, at: 0, ...traits }]))
    t.same(codesIn(amr), names, method)
  }
  t.end()
})

t.test('the reasons in the README are those of the gateway; the others are about unreadable requests', t => {
  const rows = tableWith(readme, 'status', '`reason`', 'what helps')
  const told = rows.flatMap(([, reasons = '']) => codesIn(reasons))
  t.equal(new Set(told).size, told.length, 'none stands there twice')
  for (const reason of told) t.ok(problemReasons.includes(reason), reason)
  const unreadable =
    /^(bad_|control_|dot_|double_|empty_|encoded_|method_|repeated_|semicolon|too_long|too_many_headers|unencoded_|unicode_|unsupported_(transfer|version))/
  for (const reason of problemReasons.filter(one => !told.includes(one))) t.match(reason, unreadable)
  t.end()
})

t.test(
  'the commands of the README do what it says, and are answered as it says',
  { skip: noAuthenticator || noPyJwt },
  async t => {
    const routesOf = (section: string, place = 0): readonly unknown[] =>
      (parse(take(section, 'yaml', place).text) as { routes: readonly unknown[] }).routes
    const routes = [...routesOf('API tokens for machines'), ...routesOf('Step-up')]
    const bench = await openBench(t, { routes: JSON.stringify(routes) })
    const { origin, folder, clock, texts, mailTo, textTo } = bench
    const install = installCommand(bench)
    const functions = take('Call it from an API', 'sh', 1).text.split('\n\n')[0] ?? ''

    /** Runs commands as they are printed, but for the address, the password, and a prompt that needs a terminal. */
    const run = (...commands: readonly string[]): RunningClient => {
      const script = [install, functions, ...commands]
        .join('\n')
        .replaceAll('https://wiki.example.com', origin)
        .replaceAll('"…"', JSON.stringify(PASSWORD))
        .replaceAll("read -rp 'Code: ' code", "printf 'Code: '; read -r code")
      return runClient(t, folder, 'bash', ['-euo', 'pipefail', '-c', script], { SMS_SECRET })
    }

    t.comment('Write a policy')
    const explained = run(`${take('Write a policy', 'sh').text} || echo "exit code $?"`)
    t.match(await explained.finish(), /step_up|step-up/i)

    t.comment('API tokens for machines')
    const [machine, user, revoke] = [0, 1, 2].map(place => take('API tokens for machines', 'sh', place).text)
    const reference = `gatehouse tokens list --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[-1]["reference"])'`
    const revoked = `curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" ${origin}/calendar/alice`
    const machines = run(
      `${machine ?? ''} -H 'Accept: application/json' | tee export.json`,
      `curl -s -o /dev/null -w 'other: %{http_code}\\n' -H "Authorization: Bearer $token" ${origin}/`,
      `${user ?? ''} -H 'Accept: application/json'`,
      `reference=$(${reference})\n${revoke ?? ''}\nfor _ in {1..50}; do status=$(${revoked}); [ $status = 401 ] && break; sleep 0.1; done\necho $status`,
    )
    const seen = await machines.finish()
    t.match(seen, /"Remote-User",\s*"nightly-export"/)
    t.match(seen, 'other: 403')
    t.match(seen, /"Remote-User",\s*"alice"/)
    t.match(seen, /REFERENCE.*NAME.*\n.*(phone|nightly-export)/)
    t.match(seen, /is revoked: .*\n401\n$/)

    t.comment('What the app gets')
    const who = take('What the app gets', 'python').text.replace('audience="wiki"', 'audience="localhost"')
    const identity = `import json\nheaders = dict(json.load(open("export.json"))["identity"])\nprint(who(headers))`
    const verified = runClient(t, folder, PYTHON, [
      '-c',
      `${who.replaceAll('https://wiki.example.com', origin)}\n${identity}`,
    ])
    t.match(await verified.finish(), /'sub': 'nightly-export'/)

    t.comment('Call it from an API')
    const phone = await enrol(t, bench, 'alice')
    const [asked, login, code, refresh] = [0, 1, 2, 3].map(
      place => take('Call it from an API', 'sh', place).text,
    )
    showsHead(t, bench, await run(asked ?? '').finish(), take('Call it from an API', 'http'))
    const session = [login ?? '', code ?? '']
    const whole = run(
      ...session,
      `printf '\\nDUE %s\\nTOKENS %s\\n' "$login" "$tokens"`,
      refresh ?? '',
      `curl -s -o /dev/null -w '\\nover: %{http_code}\\n' -H "Authorization: Bearer $token" "$gateway/orders"`,
    )
    await whole.answer(/Code: /, () => phone.nextCode())
    const said = await whole.finish()
    t.match(said, 'Sample app', 'the token opens the page')
    isLike(t, jsonAfter(said, 'DUE'), take('Call it from an API', 'json'))
    isLike(t, jsonAfter(said, 'TOKENS'), take('Call it from an API', 'json', 1))
    t.match(said, /"user":"alice".*"mfa_verified":true.*"status":"logged_out".*\nover: 401\n/s)

    t.comment('Step-up')
    const onlyRefresh = (refresh ?? '').split('\n').slice(0, 3).join('\n')
    const stepUp = run(
      ...session,
      `printf '\\nLater: '; read -r _\n${onlyRefresh}`,
      `echo; curl -is -H "Authorization: Bearer $token" "$gateway/admin/users"`,
      take('Step-up', 'sh').text,
    )
    await stepUp.answer(/Code: /, () => phone.nextCode())
    await stepUp.answer(/Later: /, () => {
      clock.advance(6 * 60_000)
      return ''
    })
    await stepUp.answer(/Code: /, () => phone.nextCode())
    const stepped = await stepUp.finish()
    showsHead(t, bench, stepped, take('Step-up', 'http'))
    t.match(stepped, /Sample app.*GET \/admin\/users/s)

    t.comment('Stateless protocol')
    const [refused, rest] = [0, 1].map(place => take('Stateless protocol', 'sh', place).text)
    const stateless = run(refused ?? '', rest ?? '', `printf '\\nTOKENS %s\\n' "$tokens"`)
    await stateless.answer(/Code: /, () => phone.nextCode())
    const stated = await stateless.finish()
    showsHead(t, bench, stated, take('Stateless protocol', 'http'))
    isLike(t, jsonAfter(stated, 'TOKENS'), take('Call it from an API', 'json', 1))

    t.comment('Several authentications in one session')
    const several = take('Several authentications in one session', 'sh').text
    const backend = run(several, `printf '\\nTOKENS %s\\n' "$tokens"`)
    await backend.answer(/Code: /, async () => codeIn(await mailTo(mailOf('alice'))))
    await backend.answer(/Code: /, async () => codeIn(await textTo(PHONE)))
    const { id_token: idToken } = jsonAfter(await backend.finish(), 'TOKENS') as { id_token: string }
    const claims = Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()
    t.match(claims, '"amr":["eml","sms","mfa"]')

    t.comment('Every way in')
    const [text] = texts
    const seconds = Math.floor(clock.now() / 1000)
    const receiver = runClient(t, folder, PYTHON, [
      '-c',
      `${take('Every way in', 'python').text}
import json
args = json.loads(input("Request: "))
signature, body, secret = args["signature"], args["body"].encode(), args["secret"].encode()
time.time = lambda: ${seconds}
print(is_from_gatehouse(signature, body, secret))
print(is_from_gatehouse(signature, body + b" ", secret), is_from_gatehouse(signature, body, b"another"))
time.time = lambda: ${seconds + 600}
print(is_from_gatehouse(signature, body, secret))`,
    ])
    const signature = text?.headers['gatehouse-signature']
    await receiver.answer(/Request: /, JSON.stringify({ signature, body: text?.body, secret: SMS_SECRET }))
    t.match(await receiver.finish(), /True\nFalse False\nFalse\n$/)
  },
)

t.test('nothing that the README prints is left untried', { skip: noAuthenticator || noPyJwt }, t => {
  const untried = [...left].map(({ line, language }) => `README.md:${line} ${language}`)
  t.same(untried, [])
  t.end()
})

/** Puts the command where the script finds it, living by the same clock as the gateway. Gives the words for that. */
function installCommand({ folder, clock }: ClientBench): string {
  const bin = `${folder}/bin`
  mkdirSync(bin)
  writeFileSync(`${bin}/clock`, clock.nodeOptions.at(-1) ?? '')
  const command = `#!/bin/sh
exec env -u NODE_OPTIONS '${process.execPath}' --import "$(cat '${bin}/clock')" '${MAIN}' "$@"
`
  writeFileSync(`${bin}/gatehouse`, command)
  chmodSync(`${bin}/gatehouse`, 0o755)
  return `PATH='${bin}':$PATH`
}

/** Every line of a printed head is in the answer. Names of header fields may be written in any case. */
function showsHead(t: Test, { origin }: ClientBench, answer: string, printed: ReadmeBlock): void {
  const lines = answer.split(/\r?\n/)
  const { hostname } = new URL(origin)
  for (const line of printed.text.split('\n')) {
    const wanted = line
      .replaceAll('https://wiki.example.com', origin)
      .replaceAll('wiki.example.com', hostname)
    t.ok(
      lines.some(one => one.toLowerCase() === wanted.toLowerCase()),
      wanted,
    )
  }
}

/** The JSON on the line that begins with a word. */
function jsonAfter(said: string, word: string): unknown {
  return JSON.parse(new RegExp(`^${word} (.*)$`, 'm').exec(said)?.[1] ?? 'null')
}

/** An answer has exactly the members that are printed, with the same values; "…" is any text. */
function isLike(t: Test, answer: unknown, printed: ReadmeBlock): void {
  const wanted = JSON.parse(printed.text) as Record<string, unknown>
  const got = Object.entries(answer as Record<string, unknown>).map(([name, value]) => {
    const isAny = wanted[name] === '…' && typeof value === 'string' && value !== ''
    return [name, isAny ? '…' : value]
  })
  t.same(Object.fromEntries(got), wanted, `README.md:${printed.line}`)
}
