import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readLockFile, ROOT } from './lock-file.js'

interface Bom {
  readonly bomFormat: string
  readonly components: readonly {
    readonly purl: string
    readonly hashes?: readonly { readonly alg: string }[]
  }[]
}

t.test('the bill of materials names exactly what a running gateway needs, with checksums', async t => {
  const file = join(t.testdir(), 'sbom.cdx.json')
  execFileSync(process.execPath, [join(ROOT, 'test/tools/write-sbom.mjs'), file])
  const bom = JSON.parse(readFileSync(file, 'utf8')) as Bom
  t.equal(bom.bomFormat, 'CycloneDX')
  const needed = readLockFile().filter(({ isForDevelopment }) => !isForDevelopment)
  const purlOf = ({ name, version }: (typeof needed)[number]): string => `pkg:npm/${name}@${version}`
  const named = new Map(bom.components.map(found => [decodeURIComponent(found.purl), found]))
  t.ok(needed.length > 100, `${needed.length} packages`)
  t.same([...named.keys()].sort(), [...new Set(needed.map(purlOf))].sort())
  const bare = needed.filter(
    found =>
      found.integrity !== undefined &&
      named.get(purlOf(found))?.hashes?.some(({ alg }) => alg === 'SHA-512') !== true,
  )
  t.same(bare.map(purlOf), [])
})

t.test('the image carries it, and the list of licences', async t => {
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
  t.match(dockerfile, /^RUN node test\/tools\/write-sbom\.mjs dist\/sbom\.cdx\.json$/m)
  t.match(dockerfile, /^COPY --from=build \/app\/dist dist$/m)
  t.match(dockerfile, /^COPY config\/third-party-licences\.txt \.\/$/m)
})
