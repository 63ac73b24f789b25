import { readdirSync } from 'node:fs'
import t from 'tap'
import { run } from '../../src/cli/demo.js'
import { answers, freePort, start, MAIN, until } from './gatehouse-process.js'
import { testIo } from './test-io.js'

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`the demo prints where it is, and ${signal} leaves no process, port or folder behind`, async t => {
    const tmp = t.testdir()
    const port = await freePort()
    const demo = start(t, tmp, process.execPath, [MAIN, 'demo', '--port', String(port)], { TMPDIR: tmp })
    const origin = `http://localhost:${port}`
    await until('the demo is told', () => demo.written.out.includes('Ctrl-C'))
    t.match(demo.written.out, `front of a sample app:  ${origin}\n`)
    t.match(demo.written.out, /^ {4}alice +alice-[0-9a-f]{6} /m)
    t.ok(await answers(`${origin}/public/hello`, 200))
    t.ok(await answers(`${origin}/`, 401))
    t.match(readdirSync(tmp), [/^gatehouse-demo-/])
    demo.process.kill(signal)
    t.equal(await demo.ended, 0)
    t.equal(demo.written.err, '')
    t.same(readdirSync(tmp), [])
    t.notOk(await answers(`${origin}/public/hello`, 200))
  })
}

t.test('it takes another port when the one is taken', async t => {
  const tmp = t.testdir()
  const port = await freePort()
  const first = start(t, tmp, process.execPath, [MAIN, 'demo', '--port', String(port)], { TMPDIR: tmp })
  await until('the first is told', () => first.written.out.includes('Ctrl-C'))
  const second = start(t, tmp, process.execPath, [MAIN, 'demo', '--port', String(port)], { TMPDIR: tmp })
  await until('the second is told', () => second.written.out.includes('Ctrl-C'))
  const origin = /http:\/\/localhost:\d+/.exec(second.written.out)?.[0] ?? ''
  t.not(origin, `http://localhost:${port}`)
  t.ok(await answers(`${origin}/public/hello`, 200))
  first.process.kill('SIGINT')
  second.process.kill('SIGINT')
  t.same([await first.ended, await second.ended], [0, 0])
  t.same(readdirSync(tmp), [])
})

t.test('a port that is none is a usage error', async t => {
  for (const port of ['http', '70000', '-1', '']) {
    const io = testIo('/nowhere')
    t.equal(await run([`--port=${port}`], io), 2, port)
    t.match(io.written.err, /from 0 to 65535/)
  }
})
