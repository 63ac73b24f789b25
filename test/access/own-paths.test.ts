import t from 'tap'
import { canonicalise } from '../../src/access/canonicalise.js'
import { createOwnPaths } from '../../src/access/own-paths.js'

const isOwn = createOwnPaths('auth.example.com', '/auth')

/** What becomes of a target: ours, the app's, or refused before anybody asks. */
function homeOf(target: string, host = 'auth.example.com'): 'ours' | 'app' | 'refused' {
  const canonical = canonicalise({ method: 'GET', target, host, asksPreflight: false }, () => [])
  if (!canonical.ok) return 'refused'
  return isOwn(canonical.request) ? 'ours' : 'app'
}

t.test('what lies below the path of the gateway is its own, however it is spelled', async t => {
  for (const [target, home] of [
    ['/auth', 'ours'],
    ['/auth/', 'ours'],
    ['/auth/login?x=/y', 'ours'],
    ['/%61uth/login', 'ours'],
    ['/authors', 'app'],
    ['/auth.html', 'app'],
    ['/AUTH/login', 'app'],
    ['/x/auth/login', 'app'],
    ['/x?/auth/login', 'app'],
    ['/auth/../desk', 'refused'],
    ['//auth/login', 'refused'],
    ['/auth%2flogin', 'refused'],
    ['/auth;x/login', 'refused'],
  ] as const)
    t.equal(homeOf(target), home, target)
  t.equal(homeOf('/auth/login', 'AUTH.example.com.:443'), 'ours')
})

t.test('on the hosts of apps only what pages and probes need is', async t => {
  for (const [target, home] of [
    ['/auth/health/live', 'ours'],
    ['/auth/assets/style.css', 'ours'],
    ['/auth/assets', 'app'],
    ['/auth/login', 'app'],
    ['/auth', 'app'],
  ] as const)
    t.equal(homeOf(target, 'wiki.example.com'), home, target)
})
