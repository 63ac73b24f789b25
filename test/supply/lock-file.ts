import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the repository is. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** One package of package-lock.json (npm's lockfileVersion 3), as far as these tests look at it. */
export interface LockedPackage {
  /** `node_modules/ajv-formats/node_modules/ajv` */
  readonly path: string
  /** `ajv` */
  readonly name: string
  readonly version: string
  readonly licence: string | undefined
  readonly integrity: string | undefined
  /** Only needed to build or test. */
  readonly isForDevelopment: boolean
  /** For some platforms only: these operating systems. */
  readonly platforms: readonly string[] | undefined
  readonly hasInstallScript: boolean
}

interface LockEntry {
  readonly version: string
  readonly license?: string
  readonly integrity?: string
  readonly dev?: true
  readonly os?: readonly string[]
  readonly hasInstallScript?: true
}

/** Every package that the lock file names, in its order. */
export function readLockFile(): readonly LockedPackage[] {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockEntry>>
  }
  return Object.entries(lock.packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => ({
      path,
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: entry.version,
      licence: entry.license,
      integrity: entry.integrity,
      isForDevelopment: entry.dev === true,
      platforms: entry.os,
      hasInstallScript: entry.hasInstallScript === true,
    }))
}

/** What a package that is installed says of its licence; undefined where it is not installed, or says nothing. */
export function installedLicence(path: string): string | undefined {
  const file = join(ROOT, path, 'package.json')
  if (!existsSync(file)) return undefined
  const { license } = JSON.parse(readFileSync(file, 'utf8')) as { readonly license?: unknown }
  return typeof license === 'string' ? license : undefined
}
