import t from 'tap'
import { compileRouteTable, mismatchOf } from '../../src/access/route-table.js'
import { appWith, networkOf, regexRouteFor, requestFor, routeFor } from './sample-policy.js'

const ADDRESS = '192.0.2.1'

/** The pattern of the route that is found for a path of `gw.example`. */
function found(
  routes: Parameters<typeof appWith>[0],
  path: string,
  method = 'GET',
  address = ADDRESS,
): string {
  const table = compileRouteTable([appWith(routes)])
  return table.find(requestFor(path, { method }), address)?.route.pattern ?? 'no app'
}

t.test('the first route in the order of the file is found, however it is written', t => {
  const all = routeFor('/**', { access: 'public' })
  const one = routeFor('/*/x')
  const text = routeFor('/a/x')
  const regex = regexRouteFor('/[a-z]/x')
  t.equal(found([text, regex, one, all], '/a/x'), '/a/x')
  t.equal(found([regex, text, one, all], '/a/x'), '/[a-z]/x')
  t.equal(found([one, text, regex, all], '/a/x'), '/*/x')
  t.equal(found([all, text, regex, one], '/a/x'), '/**')
  t.equal(found([text, one, regex, all], '/A/x'), '/*/x')
  t.equal(found([text, one, regex, all], '/'), '/**')
  t.end()
})

t.test('j14, k4: a path that no route names is required', t => {
  const table = compileRouteTable([appWith([routeFor('/assets/**', { access: 'public' })])])
  for (const path of ['/', '/assetsX', '/assetsX/a', '/Assets/a', '/x/assets/a', '/assets /a', '/assets.']) {
    const match = table.find(requestFor(path), ADDRESS)
    t.match(match?.route, { access: 'required', place: undefined }, path)
  }
  t.end()
})

t.test('b18: a trailing slash makes no difference', t => {
  const routes = [routeFor('/admin'), regexRouteFor('/v[0-9]'), routeFor('/**', { access: 'public' })]
  for (const path of ['/admin', '/admin/']) t.equal(found(routes, path), '/admin', path)
  for (const path of ['/v1', '/v1/']) t.equal(found(routes, path), '/v[0-9]', path)
  t.equal(found([routeFor('/admin/')], '/admin'), '/admin/')
  t.end()
})

t.test('b21: HEAD is found as GET', t => {
  const routes = [routeFor('/a', { methods: ['GET'] }), routeFor('/**', { methods: ['POST'] })]
  t.equal(found(routes, '/a', 'GET'), '/a')
  t.equal(found(routes, '/a', 'HEAD'), '/a')
  t.equal(found(routes, '/a', 'POST'), '/**')
  t.equal(found(routes, '/a', 'DELETE'), '(everything else)')
  t.end()
})

t.test('composed and decomposed spellings are one path', t => {
  const [composed, decomposed] = ['/caf\u00e9', '/cafe\u0301']
  for (const pattern of [composed, decomposed]) {
    for (const path of [composed, decomposed, `${decomposed}/`]) {
      t.equal(found([routeFor(pattern)], path), pattern)
      t.equal(found([regexRouteFor(pattern)], path), pattern)
    }
  }
  t.end()
})

t.test('a route for networks is only for addresses in one of them', t => {
  const routes = [
    routeFor('/**', { networks: networkOf('10.2.0.0', 16), access: 'bypassed' }),
    routeFor('/**', { networks: networkOf('2001:db8::', 32), access: 'enrolled' }),
  ]
  const table = compileRouteTable([appWith(routes)])
  for (const [address, access] of [
    ['10.2.3.4', 'bypassed'],
    ['::ffff:10.2.3.4', 'bypassed'],
    ['10.3.0.1', 'required'],
    ['2001:db8::1', 'enrolled'],
    ['2001:db9::1', 'required'],
    ['fe80::1%eth0', 'required'],
    ['', 'required'],
    ['not an address', 'required'],
  ] as const) {
    t.equal(table.find(requestFor('/'), address)?.route.access, access, address)
  }
  t.end()
})

t.test('k5: a wildcard host covers exactly one label more', t => {
  const table = compileRouteTable([
    appWith([], { name: 'wild', host: '*.example.com' }),
    appWith([], { name: 'named', host: 'wiki.example.com' }),
    appWith([], { name: 'top', host: '*.localhost' }),
  ])
  for (const [host, app] of [
    ['a.example.com', 'wild'],
    ['wiki.example.com', 'named'],
    ['example.com', undefined],
    ['a.b.example.com', undefined],
    ['aexample.com', undefined],
    ['com', undefined],
    ['a.localhost', 'top'],
    ['localhost', undefined],
    ['constructor', undefined],
    ['__proto__', undefined],
  ] as const) {
    t.equal(table.find(requestFor('/', { host }), ADDRESS)?.app.name, app, host)
  }
  t.end()
})

t.test('names of object members are ordinary names in paths', t => {
  const routes = [routeFor('/constructor/*'), routeFor('/__proto__')]
  t.equal(found(routes, '/__proto__'), '/__proto__')
  t.equal(found(routes, '/constructor/prototype'), '/constructor/*')
  t.equal(found(routes, '/toString'), '(everything else)')
  t.end()
})

t.test('the plain reading of a route says why it is not for a request', t => {
  const route = routeFor('/a', { methods: ['GET'], networks: networkOf('10.0.0.0', 8) })
  t.equal(mismatchOf(route, requestFor('/b'), '10.0.0.1'), 'path')
  t.equal(mismatchOf(route, requestFor('/a', { method: 'PUT' }), '10.0.0.1'), 'method')
  t.equal(mismatchOf(route, requestFor('/a'), '11.0.0.1'), 'network')
  t.equal(mismatchOf(route, requestFor('/a'), '10.0.0.1'), undefined)
  t.end()
})
