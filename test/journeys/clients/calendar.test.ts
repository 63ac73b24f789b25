import t from 'tap'
import { until } from '../../cli/gatehouse-process.js'
import { createPerson } from '../../harness/person.js'
import { installGateway, runGatehouse, serveGateway } from '../gateway-process.js'
import { noRadicale, startRadicale } from '../radicale-process.js'
import { client, runClient } from './client-bench.js'

const DONE = `mkcalendar: 201
put: 201
propfind: 207
1
report: 207
1
`

t.test(
  'a calendar program that knows Basic only gets in with an API token, where people need a second factor',
  { skip: noRadicale },
  async t => {
    const more = `headers: { user: X-Remote-User }
routes:
  - { path: /**, access: required, tokens: [caldav] }
`
    const installation = await installGateway(t, { upstream: await startRadicale(t), more, tls: false })
    const gateway = await serveGateway(t, installation)
    const { folder, origin } = installation
    const operator = async (...words: readonly string[]): Promise<string> => {
      const command = runGatehouse(t, ['tokens', ...words, '--config', `${folder}/gateway.yaml`])
      if ((await command.ended) !== 0) throw new Error(command.output())
      return command.output()
    }
    const create = async (...words: readonly string[]) =>
      /^gh_\S+$/m.exec(await operator('create', ...words))?.[0] ?? ''
    const run = (name: string, password: string) =>
      runClient(t, folder, 'bash', [client('calendar.sh'), `${origin}/${name}/`, name, password]).finish()
    const refused = DONE.replaceAll(/\d{3}$/gm, '401').replaceAll(/^1$/gm, '0')

    t.comment('the program asks without a password first, as many do, and is told to use Basic')
    const plain = await runClient(t, folder, 'curl', ['-si', `${origin}/alice/`]).finish()
    t.match(plain, /^HTTP\/1\.1 401 /)
    t.match(plain, /^www-authenticate: Basic realm="Gatehouse", charset="UTF-8", Bearer\r$/im)

    const token = await create('calendar', '--user', 'alice', '--scope', 'caldav')
    t.equal(await run('alice', token), DONE)

    t.comment('what is not that token opens nothing')
    const otherScope = await create('feeds', '--user', 'alice', '--scope', 'feeds')
    const forbidden = refused.replaceAll('401', '403')
    t.equal(await run('alice', `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`), refused)
    t.equal(await run('alice', 'correct horse battery staple'), refused, 'her password is no token')
    t.equal(await run('bob', token), refused, 'under another name')
    t.equal(await run('alice', otherScope), forbidden, 'with another scope')

    t.comment('a browser still needs the password and a second factor')
    const visit = createPerson(gateway, { host: gateway.host })
    const page = await visit.navigate('/alice/')
    t.equal(page.status, 302)
    t.match(page.header('location')[0], /\/auth\/login\?/)
    t.same(page.header('www-authenticate'), [], 'no password window')
    const step = await visit.fetch('/auth/login', {
      method: 'POST',
      headers: { Origin: origin },
      json: { username: 'alice', password: 'correct horse battery staple' },
    })
    t.equal(step.status, 202)
    t.match((await visit.navigate('/alice/')).header('location')[0], /\/auth\/mfa\?/)

    t.comment('a token that is revoked is dead within a second')
    const listed = JSON.parse(await operator('list', '--json')) as { name: string; reference: string }[]
    await operator('revoke', listed.find(({ name }) => name === 'calendar')?.reference ?? '')
    const probe = ['-s', '-o', 'answer.xml', '-w', '%{http_code}', '-u', `alice:${token}`, `${origin}/alice/`]
    await until(
      'the token is dead',
      async () => (await runClient(t, folder, 'curl', probe).finish()) === '401',
      5_000,
    )
    t.equal(await run('alice', token), refused)
  },
)
