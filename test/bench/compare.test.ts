import t from 'tap'
import { compare, type Measured } from './compare.js'
import type { Column } from './scenario.js'

const CPU: Column = { key: 'cpu', title: 'CPU', digits: 1, noise: 'adds' }
const SPEED: Column = { ...CPU, noise: 'takes' }

t.test('a comparison', async t => {
  const measured = (name: string, ...values: readonly number[]): Measured => ({
    name,
    title: name,
    rounds: values.map(cpu => ({ cpu })),
  })
  const ratio = { of: 'one', against: 'other', column: CPU }
  const difference = { ...ratio, as: 'difference' } as const

  t.test('takes the rounds that were disturbed least, whichever those are', async t => {
    const all = [measured('one', 10, 30, 10, 10, 20, 10), measured('other', 20, 20, 90, 60, 20, 20)]
    t.same(compare(ratio, all), { kind: 'value', value: 0.5, spread: 0 })
    const fast = [measured('one', 90, 20, 90, 90, 30, 90), measured('other', 30, 30, 5, 10, 30, 30)]
    t.same(compare({ ...ratio, column: SPEED }, fast), { kind: 'value', value: 3, spread: 0 })
  })

  t.test('is no number where the halves of the rounds say different things', async t => {
    const all = [measured('one', 10, 20, 10, 20, 10, 20), measured('other', 20, 20, 20, 20, 20, 20)]
    t.match(compare(ratio, all), { kind: 'noisy', spread: 1 })
    t.match(compare(difference, all), { kind: 'noisy', spread: 0.5 })
  })

  t.test('is a difference with its noise, also where there is none', async t => {
    const all = [measured('one', 20, 21, 20, 21), measured('other', 20, 20, 20, 20)]
    t.same(compare(difference, all), { kind: 'value', value: 0, spread: 1 })
  })

  t.test('is no number of three rounds, nor of what was not measured', async t => {
    const all = [measured('one', 10, 10, 10), measured('other', 20, 20, 20)]
    t.same(compare(ratio, all), { kind: 'too few rounds' })
    t.same(compare({ ...ratio, against: 'nobody' }, all), { kind: 'unknown' })
  })
})
