import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import t from 'tap'
import { createMetricsSum, type MetricsSnapshot } from '../../src/metrics/metrics-sum.js'

/** What a process tells that counted `requests`, and took 20 ms for each. */
async function processWith(requests: number, streams: number, rejected: number): Promise<MetricsSnapshot> {
  const register = new Registry()
  const registers = [register]
  new Counter({ name: 'requests_total', help: 'h', labelNames: ['route'], registers }).inc(
    { route: 'a' },
    requests,
  )
  new Gauge({ name: 'streams', help: 'h', registers }).set(streams)
  new Gauge({ name: 'rejected', help: 'h', aggregator: 'max', registers }).set(rejected)
  const durations = new Histogram({ name: 'duration_seconds', help: 'h', buckets: [0.01, 0.1], registers })
  for (let count = 0; count < requests; count++) durations.observe(0.02)
  // As it comes out of a message between processes.
  return JSON.parse(JSON.stringify(await register.getMetricsAsJSON())) as MetricsSnapshot
}

async function linesOf(sum: { text(): Promise<string> }): Promise<readonly string[]> {
  return (await sum.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
}

t.test('counters and histograms of several processes are added up, gauges as each of them says', async t => {
  const sum = createMetricsSum()
  t.same(await linesOf(sum), [])
  sum.replace(1, await processWith(2, 5, 0))
  sum.replace(1, await processWith(3, 5, 0))
  sum.replace(2, await processWith(4, 6, 1))
  t.same(await linesOf(sum), [
    'requests_total{route="a"} 7',
    'streams 11',
    'rejected 1',
    'duration_seconds_bucket{le="0.01"} 0',
    'duration_seconds_bucket{le="0.1"} 7',
    'duration_seconds_bucket{le="+Inf"} 7',
    'duration_seconds_sum 0.14',
    'duration_seconds_count 7',
  ])
  t.match(await sum.text(), /^# TYPE requests_total counter$/m)
})

t.test('what a process counted that has ended stays counted; what it held is gone', async t => {
  const sum = createMetricsSum()
  sum.replace(1, await processWith(3, 5, 1))
  sum.replace(2, await processWith(4, 6, 0))
  for (const worker of [1, 1, 3]) sum.end(worker)
  const lines = await linesOf(sum)
  for (const line of ['requests_total{route="a"} 7', 'streams 6', 'rejected 0', 'duration_seconds_count 7'])
    t.ok(lines.includes(line), line)
  sum.replace(1, await processWith(1, 1, 0))
  sum.end(2)
  t.match((await linesOf(sum))[0], 'requests_total{route="a"} 8')
})
