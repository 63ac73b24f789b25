import t from 'tap'
import { noAuthenticator } from '../harness/authenticator.js'
import { HOST, startGateway, type TestGateway } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { exchange } from '../harness/raw-client.js'

/** More than may wait for a syslog server that is away. */
const TOLD = 1_010
/** Requests of one connection. */
const AT_ONCE = 100
const YAML = `public_url: https://${HOST}
upstream: http://127.0.0.1:1
users: { file: users.yaml }
metrics: { listen: 127.0.0.1:0 }
audit: { syslog: "tcp://127.0.0.1:1" }
routes: [{ path: /board/**, access: required, groups: [board] }]
`

async function lostBy(gateway: TestGateway): Promise<number> {
  const line = gateway.logLines.find(one => one.includes('metrics are served')) ?? '{}'
  const { port } = JSON.parse(line) as { port: number }
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(/^gatehouse_audit_lines_lost_total (\d+)$/m.exec(text)?.[1])
}

t.test('lines that are lost are counted in the metrics', { skip: noAuthenticator }, async t => {
  const gateway = await startGateway(t, { yaml: YAML })
  const alice = createPerson(gateway)
  await alice.login('alice')
  t.equal(await lostBy(gateway), 0)
  const request = `GET /board/x HTTP/1.1\r\nHost: ${HOST}\r\nCookie: ${alice.cookieHeader()}\r\n\r\n`
  const told = (): number => gateway.logLines.filter(line => line.includes('"audit":')).length
  for (let rounds = 0; rounds < 40 && told() < TOLD; rounds += 1)
    await exchange(gateway, request.repeat(AT_ONCE), { answers: AT_ONCE })
  t.ok(told() >= TOLD)
  t.equal(await lostBy(gateway), told() - 1_000, 'what does not wait is lost')
})
