import t from 'tap'
import { isOwnOrigin } from '../../src/http/csrf.js'

const OWN = 'https://auth.example.com'

t.test('what changes something comes from our own pages or from no browser', async t => {
  const form = 'application/x-www-form-urlencoded'
  for (const [fetchSite, origin, mediaType, passes] of [
    ['same-origin', OWN, form, true],
    ['same-origin', undefined, form, true],
    ['same-site', OWN, form, false],
    ['cross-site', OWN, form, false],
    ['none', undefined, form, false],
    ['none', undefined, 'application/json', false],
    ['same-origin', 'https://evil.example', form, false],
    ['same-origin', 'null', form, false],
    ['SAME-ORIGIN', OWN, form, false],
    [undefined, OWN, form, true],
    [undefined, OWN, undefined, true],
    [undefined, 'null', 'application/json', false],
    [undefined, `${OWN}:443`, 'application/json', false],
    [undefined, 'http://auth.example.com', form, false],
    [undefined, undefined, form, false],
    [undefined, undefined, 'text/plain', false],
    [undefined, undefined, undefined, false],
    [undefined, undefined, 'application/json', true],
  ] as const) {
    for (const method of ['POST', 'PUT', 'DELETE'])
      t.equal(
        isOwnOrigin({ method, fetchSite, origin, mediaType }, OWN),
        passes,
        `${fetchSite} ${origin} ${mediaType}`,
      )
    t.ok(isOwnOrigin({ method: 'GET', fetchSite, origin, mediaType }, OWN))
    t.ok(isOwnOrigin({ method: 'HEAD', fetchSite, origin, mediaType }, OWN))
  }
})
