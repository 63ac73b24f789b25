import t from 'tap'
import { compare, type Measured, settled } from './compare.js'
import type { Column } from './scenario.js'

const CPU: Column = { key: 'cpu', title: 'CPU', digits: 1, noise: 'adds' }

function measured(name: string, ...starts: readonly (readonly number[])[]): Measured {
  return { name, title: name, starts: starts.map(rounds => rounds.map(cpu => ({ cpu }))) }
}

t.test('a comparison', async t => {
  const ratio = { of: 'one', against: 'other', column: CPU }
  const difference = { ...ratio, as: 'difference' } as const

  t.test('is the middle of the ratios of rounds that follow each other, whatever disturbed both', async t => {
    const one = measured('one', [10, 30, 20, 90], [11, 22, 33, 11], [9, 18, 27, 9])
    const other = measured('other', [20, 60, 40, 20], [20, 40, 60, 20], [20, 40, 60, 20])
    t.match(compare(ratio, [one, other]), { kind: 'value', value: 0.5, least: 0.45, most: 0.55 })
  })

  t.test('as a difference is taken from what the other costs undisturbed', async t => {
    const one = measured('one', [12, 24, 36], [12, 24, 36], [12, 24, 36])
    const other = measured('other', [10, 20, 30], [10, 20, 30], [10, 20, 30])
    const verdict = compare(difference, [one, other])
    t.equal(verdict.kind === 'value' && verdict.value.toFixed(6), (0.2 * 12).toFixed(6))
  })

  t.test('is a difference of nothing where both cost the same', async t => {
    const all = ['one', 'other'].map(name => measured(name, [10, 30], [20, 20], [10, 10]))
    t.match(compare(difference, all), { kind: 'value', value: 0, least: 0, most: 0 })
  })

  t.test('is no number where starts say different things', async t => {
    const one = measured('one', [10, 10], [20, 20], [30, 30])
    const other = measured('other', [20, 20], [20, 20], [20, 20])
    t.match(compare(ratio, [one, other]), { kind: 'noisy', spread: 0.5 })
    t.match(compare(difference, [one, other]), { kind: 'noisy', spread: 0.5 })
  })

  t.test('is no number of two starts, nor of what was not measured', async t => {
    const all = [measured('one', [10], [10]), measured('other', [20], [20])]
    t.same(compare(ratio, all), { kind: 'too few starts' })
    t.same(compare({ ...ratio, against: 'nobody' }, all), { kind: 'unknown' })
    t.same(compare({ ...ratio, of: 'nobody' }, all), { kind: 'unknown' })
  })
})

t.test('what a subject costs is told by the rounds that were disturbed least', async t => {
  const rounds = Array.from({ length: 11 }, (_, number) => 10 + number)
  t.match(settled(measured('one', rounds, rounds.toReversed()), CPU), { value: 11, spread: 0 })
  t.match(settled(measured('one', rounds), { ...CPU, noise: 'takes' }), { value: 19 })
  t.equal(settled(measured('one', []), CPU), undefined)
})
