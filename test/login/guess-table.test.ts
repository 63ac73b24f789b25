import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { GUESS_COUNTS_FOR, GUESSES_A_YEAR } from '../../src/login/lockout-limits.js'
import { guessRows, guessTable } from './guess-table.js'

const README = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')
const [, told] = /<!-- guesses -->\n([^]*?)\n<!-- \/guesses -->/.exec(README) ?? []

const rows = await guessRows()

t.test('whoever guesses codes for a year at the default limits is right in less than 0.1 % of years', t => {
  for (const { what, tries, chance } of rows) {
    t.comment(what, tries, chance)
    if (chance !== undefined) t.ok(chance < 0.001, `${what}: ${chance}`)
  }
  t.ok(GUESSES_A_YEAR / 1e6 < 0.001, 'and so is whoever guesses at several factors in turn')
  t.ok(GUESS_COUNTS_FOR >= 365 * 24 * 60 * 60_000)
  t.end()
})

t.test('the README tells the same', { skip: told === undefined && 'the README has no such table' }, t => {
  t.equal(told?.trim(), guessTable(rows))
  t.end()
})
