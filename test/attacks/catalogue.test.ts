import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ATTACKS } from './attack-rows.js'
import { NOT_APPLICABLE } from './not-applicable.js'

const TESTS = join(import.meta.dirname, '..')
const TABLE = join(import.meta.dirname, 'README.md')

/** A test that names attacks: `'f4, j9: wrong codes …'`. */
interface Shown {
  readonly file: string
  readonly sentence: string
}

/** The ids of attacks before a colon, at the beginning of a text in quotes. */
const NAMED =
  /(['"`])((?:[a-c]|[e-l])[0-9]{1,2}|d)((?:, ?(?:[a-l][0-9]{1,2}|d))*): ((?:(?!\1)[^\\\n]|\\.)*)\1/g

/** The same as a key of a table whose rows are tests each, named after it. */
const KEYED = /^ {2}([a-l][0-9]{1,2}): \[$/gm

/** Which tests show which attack, by what their names begin with. */
function findTests(): ReadonlyMap<string, readonly Shown[]> {
  const found = new Map<string, Shown[]>()
  for (const file of readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).sort()) {
    const isTest = file.endsWith('.test.ts') || file.endsWith('confusing-paths.ts')
    if (!isTest || file.endsWith('catalogue.test.ts')) continue
    const text = readFileSync(join(TESTS, file), 'utf8')
    for (const [, id = ''] of text.matchAll(KEYED)) {
      const sentence = 'each of its forms is refused, and nothing of it reaches the app'
      found.set(id, [...(found.get(id) ?? []), { file, sentence }])
    }
    for (const [, , first = '', more = '', sentence = ''] of text.matchAll(NAMED)) {
      for (const id of `${first}${more}`.split(/, ?/)) {
        const shown = found.get(id) ?? []
        found.set(id, [...shown, { file, sentence: sentence.replace(/\$\{[^}]*\}/g, '…') }])
      }
    }
  }
  return found
}

const tests = findTests()
const reasons = new Map(NOT_APPLICABLE.map(({ id, reason }) => [id, reason]))
const rows = Object.entries(ATTACKS).flatMap(([section, attacks]) =>
  attacks.map((attack, index) => ({ id: section === 'd' ? 'd' : `${section}${index + 1}`, attack })),
)

t.test('every attack of the catalogue has a test, or a reason why it cannot be made', async t => {
  for (const { id, attack } of rows)
    t.ok(tests.has(id) !== reasons.has(id), `${id}, ${attack}: a test or a reason, and not both`)
  const known = new Set(rows.map(({ id }) => id))
  t.same(
    [...tests.keys(), ...reasons.keys()].filter(id => !known.has(id)),
    [],
    'and no test names one that is not there',
  )
})

/** The table for people: each attack with the tests that show it. */
function writeTable(): string {
  const lines = rows.map(({ id, attack }) => {
    const sentences = [...new Set((tests.get(id) ?? []).map(({ file, sentence }) => `${sentence} (${file})`))]
    const shown = sentences.length > 0 ? sentences.sort().join('<br>') : (reasons.get(id) ?? 'nothing yet')
    return `| ${id} | ${attack} | ${shown.replaceAll('|', '\\|').replaceAll("\\'", "'")} |`
  })
  return [
    '# The attacks, and the tests that try them',
    '',
    'Written by `UPDATE_CATALOGUE=1 npx tap test/attacks/catalogue.test.ts` from the names of the tests. Paths are below `test/`.',
    'A row without a file says why the attack cannot be made.',
    '',
    '<!-- prettier-ignore -->',
    '| | What is tried | What is shown |',
    '| --- | --- | --- |',
    ...lines,
    '',
  ].join('\n')
}

t.test('the table of them is up to date; UPDATE_CATALOGUE=1 writes it anew', async t => {
  const table = writeTable()
  if (process.env.UPDATE_CATALOGUE === '1') writeFileSync(TABLE, table)
  t.equal(readFileSync(TABLE, 'utf8'), table)
})
