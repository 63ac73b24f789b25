import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { NOT_APPLICABLE } from './not-applicable.js'

/** How many attacks each section has: header spoofing, path confusion, smuggling, open redirects, sessions. */
const SECTIONS: Readonly<Record<string, number>> = { a: 20, b: 21, c: 15, e: 16 }

t.test('every attack of the catalogue has a test, or a reason why it cannot be made', async t => {
  const sources = readdirSync(import.meta.dirname)
    .filter(name => name.endsWith('.test.ts') && name !== 'catalogue.test.ts')
    .map(name => readFileSync(new URL(name, import.meta.url), 'utf8'))
    .join('\n')
  const excused = new Map(NOT_APPLICABLE.map(({ id, reason }) => [id, reason]))
  for (const [section, count] of Object.entries(SECTIONS)) {
    for (let number = 1; number <= count; number++) {
      const id = `${section}${number}`
      const tested = new RegExp(`['\`\\s]${id}[:,]`).test(sources)
      t.ok(tested !== excused.has(id), `${id} has a test or a reason, and not both`)
    }
  }
  t.match(sources, /`d: /, 'and open redirects have one')
})
