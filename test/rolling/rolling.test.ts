import t from 'tap'
import { noRedis } from '../harness/redis.js'
import { runRolling } from './run-rolling.js'

/* The short form of the run of main.ts: both of two gateways are restarted once, at a third of the rate. */
t.test('restarting gateways one after the other loses no request', { skip: noRedis }, async t => {
  const { failed, brokenOff, unhandled, sent, webSockets } = await runRolling({
    restarts: 2,
    gateways: 2,
    rate: 30,
    delay: '1s',
    webSockets: 2,
    stories: 0.25,
  })
  t.same(failed, [])
  t.same(brokenOff, [])
  t.same(unhandled, [])
  t.ok(webSockets.opened > 2, 'WebSockets are closed, and opened again at once')
  for (const kind of ['page of a session', 'POST of a session', 'POST in pieces', 'long answer'])
    t.ok((sent[kind] ?? 0) > 4, kind)
  t.comment(JSON.stringify(sent))
})
