import t from 'tap'
import { createPerson } from '../../harness/person.js'
import { codeIn, linkIn } from '../place.js'
import { client, noPyJwt, openBench, PYTHON, runClient } from './client-bench.js'

interface Told {
  readonly session: string
  readonly amr: readonly string[]
  readonly sub: string
}

t.test('a backend gathers e-mail, then a text message, in one session', { skip: noPyJwt }, async t => {
  const { gateway, origin, folder, mailTo, textTo, operator } = await openBench(t)
  const apiToken = /^gh_\S+$/m.exec(await operator('tokens', 'create', 'shop', '--scope', 'authenticate'))
  const run = (token: string, ...words: readonly string[]) =>
    runClient(t, folder, PYTHON, [client('backend.py'), origin, ...words], { API_TOKEN: token })
  const shop = (...words: readonly string[]) => run(apiToken?.[0] ?? '', ...words)

  const program = shop('erin')
  await program.answer(/mail: /, async () => codeIn(await mailTo('erin@example.com')))
  await program.answer(/text message: /, async () => codeIn(await textTo('+493012340018')))
  const said = await program.finish()
  const [first, second] = told(said)
  t.same(first?.amr, ['eml'])
  t.same(second, { session: first?.session, amr: ['eml', 'sms', 'mfa'], sub: 'erin' })

  t.comment('what it was given opens what wants both')
  const accessToken = /Access token: (\S+)/.exec(said)?.[1] ?? ''
  const visit = createPerson(gateway, { host: gateway.host })
  const page = await visit.fetch('/orders', {
    headers: {
      Accept: 'application/json',
      Authorization: `Bearer ${accessToken}`,
    },
  })
  t.equal(page.status, 200)
  t.match(page.text, /"Remote-Amr",\s*"eml,sms,mfa"/)

  t.comment('a link: opened and confirmed in a browser somewhere, it shows the code that is typed here')
  const linked = shop('carol', '--link')
  await linked.answer(/shows: /, async () => {
    const link = new URL(linkIn(await mailTo('carol@example.com')))
    t.equal(link.origin, origin)
    const browser = createPerson(gateway, { host: gateway.host })
    t.equal((await browser.navigate(link.pathname)).status, 200, 'opening it spends nothing')
    const token = link.pathname.split('/').at(-1) ?? ''
    const shown = await browser.submit('/auth/link/confirm', { token }, { Origin: origin })
    t.equal(browser.cookies.size, 0, 'and logs nobody in over there')
    return /\b\d{3} \d{3}\b/.exec(shown.text)?.[0] ?? ''
  })
  t.match(told(await linked.finish()), [{ amr: ['eml'], sub: 'carol' }])

  t.comment('without the scope nothing of this opens')
  const other = /^gh_\S+$/m.exec(await operator('tokens', 'create', 'robot', '--scope', 'export:read'))
  t.match(await run(other?.[0] ?? '', 'erin').fail(), /HTTP Error 401/)
})

function told(said: string): readonly Told[] {
  const lines = said.split('\n').filter(line => line.startsWith('{'))
  return lines.map(line => JSON.parse(line) as Told)
}
