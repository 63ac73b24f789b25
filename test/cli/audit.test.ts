import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { run } from '../../src/cli/audit.js'
import { run as runTokens } from '../../src/cli/tokens.js'
import { usersYaml } from '../harness/demo-users.js'
import { testIo, type TestIoOptions } from './test-io.js'

const GATEWAY = `public_url: https://auth.example.com
users: { file: users.yaml }
upstream: http://127.0.0.1:3000
audit: { file: audit.jsonl, mode: required }
`

async function deployment(t: Test) {
  const cwd = t.testdir({ 'gateway.yaml': GATEWAY, 'users.yaml': await usersYaml([{ name: 'alice' }]) })
  const file = join(cwd, 'audit.jsonl')
  const audit = async (line: string, options: TestIoOptions = {}) => {
    const io = testIo(cwd, options)
    const code = await run(line.split(' '), io)
    return { code, ...io.written }
  }
  const token = async (name: string) => {
    const io = testIo(cwd)
    const code = await runTokens(['create', name, '--scope', 'export:read', '--user', 'alice'], io)
    return { code, ...io.written }
  }
  return { cwd, file, audit, token }
}

t.test('what an operator did is in the log, which holds', async t => {
  const { file, audit, token } = await deployment(t)
  const made = await token('backup')
  t.equal(made.code, 0)
  t.match((await audit('verify')).out, /^The log holds: 2 lines and 1 checkpoint, until /)
  await token('reports')
  t.equal(statSync(file).mode & 0o777, 0o600)
  const text = readFileSync(file, 'utf8')
  t.notOk(text.includes(made.out.trim()), 'no token is told')
  const whole = await audit('verify')
  t.same([whole.code, whole.err], [0, ''])
  t.match(whole.out, /^The log holds: 4 lines and 2 checkpoints, until 2027-01-15T08:00:00.000Z\.\n$/)
  const shown = await audit('show --user Alice --since 1d')
  t.match(
    shown.out,
    /2027-01-15 08:00:00 +operator\.command +alice +local .*command=tokens create name=backup/,
  )
  t.match((await audit('show --event session.started')).out, 'Nothing.')
  t.equal((await audit('show --event operator.command --json')).out.split('\n').length, 3)
})

t.test('what was done to it is named, and the exit code is 1', async t => {
  const { file, audit, token } = await deployment(t)
  await token('backup')
  await token('reports')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('"backup"', '"backups"'))
  t.match(await audit('verify'), {
    code: 1,
    out: /^audit\.jsonl:1: changed: line 1 of the log: .*\n.*1 fault\.\n/,
  })
  writeFileSync(file, `${text}{"audit":`)
  t.match(await audit('verify'), { code: 1, out: /inserted/ }, 'a line without an end that nobody began')
  writeFileSync(file, `${text.split('\n').slice(0, 3).join('\n')}\n`)
  t.match(await audit('verify'), { code: 1, out: /^audit\.jsonl:3: cut: line 4 of the log/ })
  t.match(JSON.parse((await audit('verify --json')).out), { whole: false, faults: [{ kind: 'cut', seq: 4 }] })
  await token('after')
  t.match(await audit('verify'), { code: 1, out: /dropped: line 4 of the log/ }, 'going on hides nothing')
  writeFileSync(file, text)
  appendFileSync(file, '{"audit":"operator.command","subject":"mallory"}\n')
  t.equal((await audit('verify')).code, 1)
})

t.test(
  'parts that were rotated away, also compressed, are one chain; a pinned key is enough to verify',
  async t => {
    const { file, audit, token } = await deployment(t)
    await token('one')
    renameSync(file, `${file}.2`)
    await token('two')
    writeFileSync(`${file}.2.gz`, gzipSync(readFileSync(`${file}.2`)))
    renameSync(`${file}.2`, `${file}-gone`)
    renameSync(file, `${file}.1`)
    await token('three')
    const whole = await audit('verify')
    t.match(whole, { code: 0, out: /The log holds: 8 lines/ })
    const key = (await audit('key')).out.trim()
    t.match(await audit(`verify ${file}.1 --key ${key}`), { code: 0, out: /It begins with line 3/ })
    const other = `${key.slice(0, -2)}${key.endsWith('AA') ? 'QQ' : 'AA'}`
    t.not((await audit(`verify ${file}.1 --key ${other}`)).code, 0)
    t.equal((await audit('verify --key nonsense')).code, 2)
  },
)

t.test('a command is refused before it did anything where its line cannot be written', async t => {
  const { cwd, token } = await deployment(t)
  writeFileSync(join(cwd, 'gateway.yaml'), GATEWAY.replace('audit.jsonl', 'gone/audit.jsonl'))
  await t.rejects(token('backup'), /cannot be written \(ENOENT.*mode: required/)
})
