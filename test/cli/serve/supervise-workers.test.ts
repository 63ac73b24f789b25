import t from 'tap'
import type { WorkerEnd } from '../../../src/cli/serve/crew.js'
import { createSupervisor } from '../../../src/cli/serve/supervise-workers.js'
import type { WorkerMessage } from '../../../src/cli/serve/worker-messages.js'

const AT = { host: '127.0.0.1', port: 8080 }
const KILLED: WorkerEnd = { code: null, signal: 'SIGKILL' }

/** A supervisor whose processes do what the test says. */
function supervise(count: number) {
  const workers: {
    readonly number: number
    readonly got: string[]
    tell: (message: WorkerMessage) => void
    end: (end: WorkerEnd) => void
  }[] = []
  const lost: { readonly worker: number; readonly after: number }[] = []
  const metrics: number[] = []
  let time = 0
  const waiting: (() => void)[] = []
  const supervisor = createSupervisor({
    count,
    now: () => time,
    wait: after => (after === 0 ? Promise.resolve() : new Promise<void>(resolve => waiting.push(resolve))),
    onLost: (worker, _end, after) => lost.push({ worker, after }),
    onMetrics: worker => metrics.push(worker),
    start: number => {
      const got: string[] = []
      const worker = { number, got, tell: (): void => undefined, end: (): void => undefined }
      workers.push(worker)
      return {
        signal: signal => void got.push(signal),
        ask: ({ asks }) => void got.push(asks),
        onTold: listener => void Object.assign(worker, { tell: listener }),
        onEnd: listener => void Object.assign(worker, { end: listener }),
      }
    },
  })
  const worker = (index: number) => {
    const found = workers.at(index)
    if (found === undefined) throw new Error(`there is no worker ${index}`)
    return found
  }
  return {
    supervisor,
    worker,
    numbers: () => workers.map(({ number }) => number),
    listens: (index: number) => worker(index).tell({ says: 'listening', at: AT }),
    lost,
    metrics,
    pass: (milliseconds: number) => (time += milliseconds),
    wake: async () => {
      waiting.shift()?.()
      await turn()
    },
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

t.test('the first worker listens before the others begin, and it is told when all do', async t => {
  const { supervisor, numbers, listens, worker, metrics } = supervise(3)
  const started = supervisor.start()
  t.same(numbers(), [1])
  t.same(supervisor.askMetrics(), [], 'nobody can answer yet')
  listens(0)
  t.same(numbers(), [1, 2, 3])
  listens(1)
  supervisor.reload()
  t.same(
    [0, 1, 2].map(index => worker(index).got),
    [['SIGHUP'], ['SIGHUP'], []],
  )
  listens(2)
  t.same(await started, AT)
  t.same(supervisor.askMetrics(), [1, 2, 3])
  worker(1).tell({ says: 'metrics', metrics: [] })
  t.same(metrics, [2])
})

t.test('when the first one does not come up, there is no second try', async t => {
  for (const [end, code] of [
    [{ code: 1, signal: null }, 1],
    [{ code: 0, signal: null }, 1],
    [KILLED, 1],
    [{ code: 2, signal: null }, 2],
  ] as const) {
    const { supervisor, numbers, worker } = supervise(2)
    const started = supervisor.start()
    worker(0).end(end)
    t.equal(await started, undefined)
    t.equal(await supervisor.ended, code)
    t.same(numbers(), [1])
  }
})

t.test('a worker that ends is replaced at once, and ever later when it dies again and again', async t => {
  const { supervisor, numbers, listens, worker, lost, pass, wake } = supervise(2)
  void supervisor.start()
  for (const index of [0, 1]) listens(index)
  pass(60_000)
  worker(1).end(KILLED)
  await turn()
  t.same(numbers(), [1, 2, 2])
  t.same(supervisor.askMetrics(), [1], 'the new one does not listen yet')
  for (let death = 0; death < 10; death++) {
    worker(-1).end({ code: 1, signal: null })
    await wake()
  }
  t.same(
    lost.map(({ after }) => after),
    [0, 0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000],
  )
  pass(10_000)
  worker(-1).end(KILLED)
  t.match(lost.at(-1), { worker: 2, after: 0 }, 'one that lived is forgiven')
})

t.test('stopping tells all, replaces none, and ends with the last of them', async t => {
  const { supervisor, numbers, listens, worker } = supervise(2)
  void supervisor.start()
  for (const index of [0, 1]) listens(index)
  worker(0).end(KILLED)
  supervisor.stop()
  await turn()
  t.same(worker(1).got, ['SIGTERM'])
  t.same(numbers().length, 2, 'not even the one that was to come')
  worker(1).end({ code: 0, signal: null })
  t.equal(await supervisor.ended, 0)
})

t.test('the exit code is the greatest one, and a worker that dies of the signal ended as told', async t => {
  for (const [end, code] of [
    [{ code: null, signal: 'SIGTERM' }, 0],
    [{ code: 3, signal: null }, 3],
    [KILLED, 1],
  ] as const) {
    const { supervisor, listens, worker } = supervise(2)
    void supervisor.start()
    for (const index of [0, 1]) listens(index)
    supervisor.stop()
    worker(0).end({ code: 0, signal: null })
    worker(1).end(end)
    t.equal(await supervisor.ended, code)
  }
})

t.test('a stop before anything listens is no failure', async t => {
  const { supervisor, worker } = supervise(2)
  const started = supervisor.start()
  supervisor.stop()
  worker(0).end({ code: null, signal: 'SIGTERM' })
  t.equal(await started, undefined)
  t.equal(await supervisor.ended, 0)
})
