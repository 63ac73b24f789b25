import t from 'tap'
import { type Baseline, judge } from './judge.js'

const HERE = { node: '20', processor: 'a processor' }
const ELSEWHERE = { node: '20', processor: 'another processor' }
const BASELINE: Baseline = { ratio: 0.6, spread: 0.02, ...HERE }

t.test('the guard', async t => {
  t.test('takes what was recorded, what is better, and what differs by noise for as before', async t => {
    t.match(judge([0.6, 0.61, 0.59], BASELINE, HERE), { kind: 'as before' })
    t.match(judge([0.4, 0.41, 0.42], BASELINE, HERE), { kind: 'as before' })
    t.match(judge([0.64, 0.645, 0.635], BASELINE, HERE), { kind: 'as before' })
  })

  t.test('finds a gateway worse that costs a tenth more', async t => {
    t.match(judge([0.66, 0.67, 0.66], BASELINE, HERE), { kind: 'worse', ratio: 0.66 })
  })

  t.test('lets a run that is noisy itself differ by more', async t => {
    t.match(judge([0.62, 0.67, 0.69], BASELINE, HERE), { kind: 'as before' })
    t.match(judge([0.74, 0.78, 0.8], BASELINE, HERE), { kind: 'worse' })
  })

  t.test('lets what was recorded noisily differ by more', async t => {
    t.match(judge([0.66, 0.67, 0.66], { ...BASELINE, spread: 0.1 }, HERE), { kind: 'as before' })
  })

  t.test('lets another processor differ by more, and not by anything', async t => {
    t.match(judge([0.7, 0.71, 0.7], BASELINE, ELSEWHERE), { kind: 'as before' })
    t.match(judge([0.8, 0.8, 0.8], BASELINE, ELSEWHERE), { kind: 'worse' })
  })

  t.test('does not judge where starts disagree, however bad they look', async t => {
    t.match(judge([0.9, 1.2, 1.5], BASELINE, HERE), { kind: 'too noisy' })
  })
})
