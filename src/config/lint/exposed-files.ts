import { join, relative } from 'node:path'
import type { Findings } from '../findings.js'
import type { GatewayConfig } from '../gateway-config.js'
import { beside } from '../reading.js'
import type { Path } from '../read-yaml.js'

/** Who may do what with a file. */
export interface FileRights {
  /** The permission bits of POSIX, such as `0o600`; of the file that a symbolic link leads to. */
  readonly mode: number
  readonly isDirectory: boolean
  /** It lies in a volume of Kubernetes, whose modes are set by the volume. */
  readonly inVolume: boolean
}

/** Looks who may do what with a file; undefined where there is none, or where there are no such bits. */
export type FindRights = (path: string) => FileRights | undefined

/** A file that strangers on the same machine must not read. */
interface Guarded {
  readonly path: Path
  /** Absolute. */
  readonly file: string
  /** What somebody gets who reads it, as a short clause. */
  readonly holds: string
  /** A group may be meant to read it, as the one of a log shipper is. */
  readonly maySeeGroup?: boolean
}

const HASHES = 'it has the hashes of passwords'
const SECRET = 'it has a secret'

/** Warns of files that more people can read than the one who runs the gateway. */
export function warnOfExposedFiles(
  findings: Findings,
  config: GatewayConfig,
  raw: unknown,
  rightsOf: FindRights,
): void {
  for (const { path, file, holds, maySeeGroup = false } of guardedFiles(config, raw)) {
    const rights = rightsOf(file)
    if (rights === undefined) continue
    const { mode, isDirectory, inVolume } = rights
    const everybody = (mode & 0o007) !== 0
    // Kubernetes gives the files of a volume to a group of the pod (`fsGroup`) whatever their mode is.
    const group = (mode & 0o070) !== 0 && !maySeeGroup && !inVolume
    if (!everybody && !group) continue
    const who = everybody ? 'everybody on this machine' : 'its group'
    const bits = (mode & 0o777).toString(8).padStart(4, '0')
    const cure = inVolume
      ? 'give the volume "defaultMode: 0400", in octal; with fsGroup it becomes 0440'
      : `chmod ${isDirectory ? '700' : maySeeGroup ? '640' : '600'} ${file}`
    findings.warning(path, `${who} may read ${shortName(config, file)} (mode ${bits}): ${holds}`, cure)
  }
}

function guardedFiles(config: GatewayConfig, raw: unknown): readonly Guarded[] {
  const { store, users, audit } = config
  const named = (path: Path, holds: string): readonly Guarded[] => {
    const name = valueAt(raw, path)
    return typeof name === 'string' ? [{ path, file: beside(config.file, name), holds }] : []
  }
  const secrets = valueAt(raw, ['secret'])
  const secretFiles = Array.isArray(secrets)
    ? secrets.flatMap((_, index) => named(['secret', index, 'file'], SECRET))
    : named(['secret', 'file'], SECRET)
  return [
    ...secretFiles,
    ...(secrets === undefined && store.embedded !== undefined
      ? [{ path: ['store'], file: join(store.embedded, 'secret'), holds: SECRET }]
      : []),
    ...named(['store', 'redis', 'password', 'file'], SECRET),
    ...named(['store', 'redis', 'sentinel_password', 'file'], SECRET),
    ...named(['store', 'redis', 'tls', 'key'], 'it is the private key'),
    ...named(['tls', 'key'], 'it is the private key'),
    ...named(['upstream', 'key'], 'it is the private key'),
    ...config.apps.flatMap((_, at) => named(['apps', at, 'upstream', 'key'], 'it is the private key')),
    ...named(['mail', 'smtp', 'password', 'file'], SECRET),
    ...named(['sms', 'webhook', 'secret', 'file'], SECRET),
    { path: ['users', 'file'], file: users.file, holds: HASHES },
    ...(store.embedded === undefined
      ? []
      : [
          {
            path: ['store'],
            file: store.embedded,
            holds: 'it has everything that the gateway remembers',
          },
        ]),
    ...(audit.file === undefined
      ? []
      : [
          {
            path: ['audit', 'file'],
            file: audit.file,
            holds: 'it says who was there, when and from where',
            maySeeGroup: true,
          },
        ]),
  ]
}

function valueAt(raw: unknown, path: Path): unknown {
  let value = raw
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Readonly<Record<string | number, unknown>>)[step]
  }
  return value
}

/** As it would be written in the configuration. */
function shortName(config: GatewayConfig, file: string): string {
  const name = relative(join(config.file, '..'), file)
  return name.startsWith('..') ? file : name
}
