// Writes the bill of materials of a running gateway (CycloneDX, JSON) from package.json and package-lock.json alone:
// no network, nothing installed. `npm sbom --omit dev` would leave out what the tools need as well as the gateway, so
// npm is shown a lock file without the tools.
// Usage: node test/tools/write-sbom.mjs [FILE], by default dist/sbom.cdx.json
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const target = process.argv[2] ?? join(root, 'dist/sbom.cdx.json')
const read = name => JSON.parse(readFileSync(join(root, name), 'utf8'))
const withoutTools = ({ devDependencies: _tools, ...rest }) => rest

const lock = read('package-lock.json')
const needed = Object.entries(lock.packages)
  .filter(([, entry]) => entry.dev !== true)
  .map(([path, entry]) => [path, path === '' ? withoutTools(entry) : entry])
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-sbom-'))
try {
  writeFileSync(join(folder, 'package.json'), JSON.stringify(withoutTools(read('package.json'))))
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ ...lock, packages: Object.fromEntries(needed) }),
  )
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--offline']
  const made = spawnSync('npm', words, { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  if (made.status !== 0) throw new Error(`npm sbom: ${made.stderr}`)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, made.stdout)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
