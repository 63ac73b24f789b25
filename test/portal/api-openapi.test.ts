import Fastify from 'fastify'
import t from 'tap'
import Type from 'typebox'
import { problemReasons } from '../../src/portal/problem-reasons.js'
import { describeInterface } from '../../src/portal/openapi.js'
import { createOperationMaker, type Operation } from '../../src/portal/operation.js'
import type { PageAddress } from '../../src/portal/page-address.js'
import { registerPortal } from '../../src/portal/portal.js'
import type { Visits } from '../../src/portal/visit.js'
import { HOST } from '../harness/gateway.js'
import { createPerson } from '../harness/person.js'
import { describedBy } from './description.js'
import { createProgram, startOffice } from './program.js'

const gateway = await startOffice(t)
const raw = (await createProgram(gateway).get('/openapi.json')).json

t.test('it is where the gate says, for programs of any origin, with the address of the gateway', async t => {
  const reply = await createProgram(gateway).get('/openapi.json')
  t.equal(reply.status, 200)
  t.match(reply.header('content-type').join(), /^application\/vnd\.oai\.openapi\+json;version=3\.1/)
  t.same(reply.header('access-control-allow-origin'), ['*'])
  t.match(raw, { openapi: /^3\.1\.\d$/, info: { title: 'Gatehouse', version: String } })
  t.same(raw.servers, [{ url: `https://${HOST}` }])
})

t.test('every address of the contract is there', async t => {
  const { paths } = await describedBy(gateway)
  for (const path of [
    '/api/authz/forward-auth',
    '/api/authz/auth-request',
    '/api/authz/ext-authz/{path}',
    '/oauth2/auth',
  ])
    t.ok(paths[path]?.get, path)
  const contract = `GET /login, GET /mfa, GET /enrol, GET /account, GET /logout, POST /login, POST /mfa/challenge,
    POST /mfa/verify, POST /mfa/enrol/totp, POST /mfa/enrol/totp/confirm, POST /mfa/enrol/webauthn,
    POST /mfa/enrol/webauthn/confirm, GET /mfa/factors, DELETE /mfa/factors/{id}, PATCH /mfa/factors/{id},
    POST /mfa/backup-codes, POST /token/refresh, GET /session, POST /logout, GET /jwks.json, GET /openapi.json,
    POST /challenge/get, POST /challenge/verify, POST /stateless/login, POST /otp/send, POST /otp/authenticate,
    POST /link/send, POST /link/authenticate, POST /passkey/options, POST /passkey/authenticate,
    GET /health/live, GET /health/ready, GET /verify, POST /verify`
  for (const address of contract.split(',').map(text => text.trim())) {
    const [method = '', path = ''] = address.split(' ')
    t.ok(paths[`/auth${path}`]?.[method.toLowerCase()], address)
  }
})

t.test('every address in it answers', async t => {
  const { paths } = await describedBy(gateway)
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of Object.keys(operations)) {
      const reply = await createPerson(gateway).fetch(path.replace(/\{\w+\}/g, 'x'), {
        method: method.toUpperCase(),
        ...(method === 'post' || method === 'patch' ? { json: {} } : {}),
      })
      t.notMatch(reply.text, /nothing at this address/, `${method} ${path}`)
      t.ok(reply.status < 500, `${method} ${path}: ${reply.status}`)
    }
  }
})

t.test('it keeps the rules of OpenAPI 3.1', async t => {
  const { paths, components } = await describedBy(gateway)
  const schemes = Object.keys(components.securitySchemes ?? {})
  const ids = new Set<string>()
  for (const [path, operations] of Object.entries(paths)) {
    t.ok(path.startsWith('/'), path)
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    for (const [method, operation] of Object.entries(operations)) {
      const what = `${method} ${path}`
      t.ok(['get', 'post', 'patch', 'delete'].includes(method), what)
      t.notOk(ids.has(operation.operationId), `${operation.operationId} is there once`)
      ids.add(operation.operationId)
      t.match(operation.operationId, /^[a-z][a-z0-9_]*$/)
      t.ok(operation.summary.length > 0 && !operation.summary.endsWith('.'), what)
      t.same(
        operation.parameters?.filter(one => one.in === 'path').map(({ name }) => name) ?? [],
        inPath,
        `${what}: each part of the path once`,
      )
      for (const requirement of operation.security)
        for (const scheme of Object.keys(requirement)) t.ok(schemes.includes(scheme), `${what}: ${scheme}`)
      t.ok(Object.keys(operation.responses).length > 0, what)
      for (const [status, response] of Object.entries(operation.responses)) {
        t.match(status, /^([1-5]\d\d|default)$/, what)
        t.ok((response.description ?? '').length > 0, `${what} ${status} is described`)
      }
      if (method === 'get') t.notOk(operation.requestBody, `${what} takes no body`)
    }
  }
})

t.test('no reference leads nowhere, and nothing in it is typebox alone', async t => {
  const text = JSON.stringify(raw)
  for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = pointer
      .split('/')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], raw)
    t.ok(found, pointer)
  }
  t.notMatch(text, /~kind|~optional|patternErrorMessage/)
})

t.test('the reasons of problems are a closed list with words', async t => {
  const { schemas } = raw.components as { schemas: { Problem: { properties: { reason: unknown } } } }
  const { reason } = schemas.Problem.properties as { reason: { enum: string[]; description: string } }
  t.same(reason.enum, problemReasons)
  for (const name of reason.enum) t.match(reason.description, `\`${name}\``)
})

t.test('an address of people and programs is described as both', async t => {
  const { paths } = await describedBy(gateway)
  for (const path of ['/auth/login', '/auth/logout']) {
    const operation = paths[path]?.post
    t.same(Object.keys(operation?.requestBody?.content ?? {}).sort(), [
      'application/json',
      'application/x-www-form-urlencoded',
    ])
    t.same(Object.keys(operation?.responses['200']?.content ?? {}).sort(), ['application/json', 'text/html'])
  }
})

t.test('what is registered is what is described, and the reverse', async t => {
  const visits = { parts: { authPath: '/auth' } } as unknown as Visits
  const define = createOperationMaker(visits)
  const common = { summary: 'x', tag: 'login', credentials: ['none'], answers: {} } as const
  const answer = async () => ({ status: 204, headers: {}, body: '' })
  const operations: readonly Operation[] = [
    define({ ...common, method: 'POST', path: '/a', body: Type.Object({}), answer }),
    define({ ...common, method: 'DELETE', path: '/b/:id', answer }),
    define({ ...common, method: 'GET', path: '/c', unlimited: true, answer }),
  ]
  const handle: PageAddress['handle'] = async (_request, reply) => reply
  const pages: readonly PageAddress[] = [
    { method: 'GET', path: '', summary: 'x', handle },
    { method: 'POST', path: '/a', summary: 'x', handle },
    { method: 'GET', path: '/d/:token', summary: 'x', handle },
  ]
  const server = Fastify()
  const registered: string[] = []
  server.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat())
      if (one !== 'HEAD' && !url.endsWith('*')) registered.push(`${one.toLowerCase()} ${url}`)
  })
  const onError = () => undefined
  const takesAuditLines = () => Promise.resolve(true)
  const more = { bodyTime: 20_000, takesAuditLines, onError }
  await registerPortal(server, { visits, pages, operations, secure: true, ...more })
  const described = describeInterface({
    operations,
    pages,
    further: {},
    publicOrigin: 'https://gw.example',
    authPath: '/auth',
    sessionCookie: 'x',
  })
  const paths = Object.entries(described.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  )
  // Other methods at the bare address answer that there is nothing.
  const other = /^(?!get).* \/auth$/
  t.same(registered.filter(route => !other.test(route)).sort(), paths.sort())
})
