import t from 'tap'
import { compare, type Measured } from './compare.js'
import type { Column } from './scenario.js'

const CPU: Column = { key: 'cpu', title: 'CPU', digits: 1 }

t.test('a comparison', async t => {
  const measured = (name: string, ...values: readonly number[]): Measured => ({
    name,
    title: name,
    rounds: values.map(cpu => ({ cpu })),
  })
  const ratio = { of: 'one', against: 'other', column: CPU }
  const difference = { ...ratio, as: 'difference' } as const

  t.test('pairs the rounds, so that what slows the whole machine drops out', async t => {
    const all = [measured('one', 10, 30, 20), measured('other', 20, 60, 40)]
    t.same(compare(ratio, all), { kind: 'value', value: 0.5, spread: 0 })
  })

  t.test('is no number where rounds disagree', async t => {
    const all = [measured('one', 10, 20, 30), measured('other', 20, 20, 20)]
    t.match(compare(ratio, all), { kind: 'noisy', spread: 1 })
    t.match(compare(difference, all), { kind: 'noisy', spread: 1 })
  })

  t.test('is a difference with its noise, also where there is none', async t => {
    const all = [measured('one', 21, 20, 19), measured('other', 20, 20, 20)]
    t.same(compare(difference, all), { kind: 'value', value: 0, spread: 2 })
  })

  t.test('is a number where many rounds agree on the middle, however far the outer ones are', async t => {
    const values = Array.from({ length: 25 }, (_, round) => (round < 5 ? 10 : round < 20 ? 20 : 60))
    const all = [measured('one', ...values), measured('other', ...values.map(() => 20))]
    t.same(compare(ratio, all), { kind: 'value', value: 1, spread: 0 })
  })

  t.test('is no number of two rounds, nor of what was not measured', async t => {
    const all = [measured('one', 10, 10), measured('other', 20, 20)]
    t.same(compare(ratio, all), { kind: 'too few rounds' })
    t.same(compare({ ...ratio, against: 'nobody' }, all), { kind: 'unknown' })
  })
})
