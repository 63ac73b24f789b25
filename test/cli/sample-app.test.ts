import t from 'tap'
import { startSampleApp } from '../../src/cli/sample-app.js'

t.test('it shows the request it received as a page, identity first, with nothing left unescaped', async t => {
  const app = await startSampleApp()
  t.teardown(() => app.close())
  const answer = await fetch(`${app.url}/a?b="<i>`, {
    headers: { 'X-Other': '<script>alert(1)</script>', 'Remote-User': 'alice' },
  })
  const page = await answer.text()
  t.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8')
  t.match(page, 'GET /a?b=%22%3Ci%3E')
  t.notMatch(page, '<script>')
  t.ok(page.indexOf('alice') < page.indexOf('X-Other'))
  t.ok(page.indexOf('alice') > 0)
})

t.test('it answers a program with JSON', async t => {
  const app = await startSampleApp()
  t.teardown(() => app.close())
  const answer = await fetch(`${app.url}/a`, {
    method: 'POST',
    body: 'x',
    headers: { accept: 'application/json', 'remote-user': 'bob' },
  })
  const shown = (await answer.json()) as {
    method: string
    url: string
    identity: unknown
    others: string[][]
  }
  t.match(shown, { method: 'POST', url: '/a', identity: [['remote-user', 'bob']] })
  t.notOk(shown.others.some(([name]) => name === 'remote-user'))
})

t.test('it says so when nobody is named, and closes at once', async t => {
  const app = await startSampleApp()
  t.match(await (await fetch(app.url)).text(), 'None: the gateway let this request through')
  await app.close()
  await t.rejects(fetch(app.url))
})
