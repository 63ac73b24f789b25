import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { installedLicence, type LockedPackage, readLockFile, ROOT } from './lock-file.js'

/** Licences that ask for nothing but that they are passed on (SPDX). Any other one is a decision of the maintainers. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
])
const LIST = join(ROOT, 'config/third-party-licences.txt')
const needed = readLockFile().filter(({ isForDevelopment }) => !isForDevelopment)

/** One native part is published in many packages, one for each platform, all with the licence of the first. */
const familyOf = ({ name }: Pick<LockedPackage, 'name'>): string =>
  name.replace(/-(?:android|darwin|freebsd|linux|win32|wasm32)-?.*$/, '')

function licenceOf(found: LockedPackage): string | undefined {
  const own = installedLicence(found.path) ?? found.licence
  if (own !== undefined || found.platforms === undefined) return own
  const relatives = needed.filter(other => familyOf(other) === familyOf(found))
  return relatives
    .map(other => installedLicence(other.path) ?? other.licence)
    .find(text => text !== undefined)
}

t.test('every package that a running gateway needs has a licence that may be passed on', async t => {
  t.ok(needed.length > 100, `${needed.length} packages`)
  const others = needed.filter(found => !ALLOWED.has(licenceOf(found) ?? ''))
  t.same(
    others.map(found => `${found.path}: ${licenceOf(found) ?? 'none'}`),
    [],
  )
})

t.test('the list of them in config/ is up to date; UPDATE_LICENCES=1 writes it anew', async t => {
  const lines = new Set(
    needed.map(found => `${found.name} ${found.version} ${licenceOf(found) ?? 'none'}`).sort(),
  )
  const text = `What a running gateway contains besides its own code: name, version, licence (SPDX).\n\n${[...lines].join('\n')}\n`
  if (process.env.UPDATE_LICENCES === '1') writeFileSync(LIST, text)
  t.equal(readFileSync(LIST, 'utf8'), text)
})
