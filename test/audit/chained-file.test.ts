import { fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { chainIn, check, linesOf, told } from './chain-bench.js'

const worker = fileURLToPath(new URL('chain-worker.ts', import.meta.url))

t.test('three processes that write at once make one chain, also while it is rotated', async t => {
  const { file, chain } = chainIn(t)
  const all = ['a', 'b', 'c'].map(name => fork(worker, [file, name, '100']))
  for (const child of all) t.teardown(() => child.kill('SIGKILL'))
  const ended = Promise.all(all.map(child => once(child, 'exit')))
  await once(all[0] ?? fork(worker), 'message')
  renameSync(file, `${file}.1`)
  await ended
  await chain.append([], true)
  const texts = [`${file}.1`, file].map(name => readFileSync(name, 'utf8'))
  const { faults, report } = check(texts, file)
  t.same(faults, [])
  const events = texts
    .join('')
    .split('\n')
    .filter(line => line.includes('"subject"'))
  t.equal(new Set(events).size, 300)
  t.ok(report.checkpoints >= 2)
})

t.test('a process killed while it writes leaves a log that holds', async t => {
  const { file, chain } = chainIn(t)
  for (let round = 0; round < 3; round++) {
    const child = fork(worker, [file, `r${round}`, '100000'])
    await once(child, 'message')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await chain.append([told('next')])
  }
  t.same(check([readFileSync(file, 'utf8')], file).faults, [])
})

t.test('what was added behind the end is not taken for the own', async t => {
  const { file, chain } = chainIn(t)
  await chain.append([told('one')])
  appendFileSync(file, '{"seq":2}')
  await chain.append([told('two')])
  t.ok(existsSync(file))
  t.ok(check([readFileSync(file, 'utf8')], file).faults.length > 0)
  t.match(linesOf(file).at(-2), /audit\.recovered","reason":"changed"/)
})
