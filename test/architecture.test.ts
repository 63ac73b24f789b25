import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { findFaults, type SourceTree } from './architecture/house-rules.js'

const root = fileURLToPath(new URL('..', import.meta.url))

function readTree(): SourceTree {
  const tree = new Map<string, string>()
  for (const folder of ['src', 'test']) {
    for (const name of readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).sort()) {
      if (name.endsWith('.ts'))
        tree.set(`${folder}/${name}`, readFileSync(`${root}${folder}/${name}`, 'utf8'))
    }
  }
  return tree
}

function faultsOf(files: Readonly<Record<string, string>>): readonly string[] {
  return findFaults(new Map(Object.entries(files)))
}

t.test('the house keeps its rules', async t => {
  const tree = readTree()
  t.ok(tree.size > 20, 'the tree was read')
  t.same(findFaults(tree), [])
})

t.test('an import that goes down passes, in every way of writing it', async t => {
  const faults = faultsOf({
    'src/gate/guard.ts':
      "import { decide } from '../access/decide.js'\nimport type { Clock } from '../clock.js'\n",
    'src/access/decide.ts': "import type { Route } from './route.js'\nimport { BlockList } from 'node:net'\n",
    'src/access/route.ts': 'export interface Route {}\n',
    'src/clock.ts': 'export const systemClock = () => Date.now()\n',
  })
  t.same(faults, [])
})

t.test('an import that goes up is found', async t => {
  t.same(faultsOf({ 'src/store/store.ts': "\nimport type { Login } from '../login/login.js'\n" }), [
    'src/store/store.ts:2: store imports up from login',
  ])
  t.match(faultsOf({ 'src/access/decide.ts': "import {\n  a,\n  b,\n} from '../cli/serve.js'\n" }), [
    /imports up/,
  ])
  t.match(faultsOf({ 'src/users/a.ts': "const x = await import('../gateway.js')\n" }), [/imports up/])
  t.match(faultsOf({ 'src/users/a.ts': "export { b } from '../main.js'\n" }), [/imports up/])
})

t.test('an import from a neighbour on the same floor is found', async t => {
  t.same(faultsOf({ 'src/gate/guard.ts': "import { x } from '../portal/jwks.js'\n" }), [
    'src/gate/guard.ts:1: gate imports sideways from portal',
  ])
  t.match(faultsOf({ 'src/credentials/a.ts': "import type { U } from '../users/accounts.js'\n" }), [
    /sideways/,
  ])
})

t.test('imports that go round inside one folder are found', async t => {
  const faults = faultsOf({
    'src/login/a.ts': "import { b } from './b.js'\n",
    'src/login/b.ts': "import { c } from './c.js'\n",
    'src/login/c.ts': "import { a } from './a.js'\n",
  })
  t.same(faults, [
    'src/login/a.ts:1: imports go round: src/login/a.ts -> src/login/b.ts -> src/login/c.ts -> src/login/a.ts',
  ])
})

t.test('a part that imports what is not its business is found', async t => {
  t.match(faultsOf({ 'src/login/login.ts': "import type { FastifyRequest } from 'fastify'\n" }), [
    /not its business/,
  ])
  t.match(faultsOf({ 'src/access/decide.ts': "import { readFileSync } from 'node:fs'\n" }), [
    /not its business/,
  ])
})

t.test('time, randomness and the process are read only where they belong', async t => {
  t.match(faultsOf({ 'src/login/a.ts': 'const now = Date.now()\n' }), [/^src\/login\/a.ts:1: reads the time/])
  t.match(faultsOf({ 'src/login/a.ts': 'const now = new Date()\n' }), [/reads the time/])
  t.match(faultsOf({ 'src/gate/a.ts': 'const id = Math.random()\n' }), [/guessable/])
  t.match(faultsOf({ 'src/config/a.ts': 'const x = process.env\n' }), [/the process/])
  t.same(faultsOf({ 'src/login/a.ts': '// Date.now() is not for here\nconst at = new Date(5)\n' }), [])
  t.same(faultsOf({ 'src/cli/serve.ts': 'const x = process.env\n' }), [])
})

t.test('silenced checks, long files and names that say nothing are found', async t => {
  t.match(faultsOf({ 'test/a.test.ts': '// eslint-' + 'disable-next-line\n' }), [/silences a check/])
  t.match(faultsOf({ 'src/gate/a.ts': '// @ts-' + 'ignore\n' }), [/silences a check/])
  t.match(faultsOf({ 'src/gate/a.ts': '\n'.repeat(401) }), [/longer than 400 lines/])
  t.match(faultsOf({ 'src/gate/utils.ts': '' }), [/does not tell its job/])
  t.match(faultsOf({ 'src/extra/a.ts': '' }), [/on no floor/])
})
