import Type, { type Static } from 'typebox'
import type { Path } from '../read-yaml.js'
import { readNamedFile, type Reading } from '../reading.js'
import { block, fileName, text } from '../settings.js'

const CURE =
  'write { file: NAME } or ${NAME OF A VARIABLE}; make a secret with "gatehouse secret" or "openssl rand -base64 32"'

const oneSecret = Type.Union(
  [
    text({ description: 'The secret is in this environment variable.', examples: ['${GATEHOUSE_SECRET}'] }),
    block('The secret is in a file.', { file: fileName('The file.', '/run/secrets/gatehouse') }),
  ],
  {},
)

export const secretSchema = Type.Union(
  [
    ...oneSecret.anyOf,
    Type.Array(oneSecret, {
      description: 'Several: the first is in use, the others still open what they sealed. For rotation.',
      minItems: 1,
      maxItems: 5,
    }),
  ],
  {
    description:
      'What every key of the gateway is derived from: at least 32 random bytes, from a file or an environment ' +
      'variable, never written here. Without it, one is made and kept beside the embedded store.',
    examples: ['${GATEHOUSE_SECRET}', { file: '/run/secrets/gatehouse' }],
  },
)

/** Reads the secrets, the one in use first. They never get into a message. */
export function readSecrets(
  reading: Reading,
  written: Static<typeof secretSchema> | undefined,
): readonly string[] | undefined {
  if (written === undefined) return undefined
  const secrets: string[] = []
  const all = Array.isArray(written) ? written : [written]
  for (const [index, one] of all.entries()) {
    const path = Array.isArray(written) ? ['secret', index] : ['secret']
    const secret = readSecret(reading, path, one)
    if (secret === undefined) continue
    const weakness = weaknessOf(secret)
    if (weakness !== undefined) reading.findings.error(path, weakness, CURE)
    else if (secrets.includes(secret)) {
      reading.findings.error(path, 'this secret is listed twice', 'list the new one and the previous one')
    } else secrets.push(secret)
  }
  return secrets.length === all.length ? secrets : undefined
}

function readSecret(reading: Reading, path: Path, written: Static<typeof oneSecret>): string | undefined {
  if (typeof written !== 'string') {
    // Only the end of the last line, which editors add, is not part of it.
    return readNamedFile(reading, [...path, 'file'], written.file)?.replace(/\r?\n$/, '')
  }
  const name = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(written)?.[1]
  if (name === undefined) {
    reading.findings.error(path, 'a secret must not be written into the configuration file', CURE)
    return undefined
  }
  const value = reading.io.env[name]
  if (value === undefined || value === '') {
    const state = value === undefined ? 'not set' : 'empty'
    reading.findings.error(
      path,
      `the environment variable ${name} is ${state}`,
      `set ${name}, or use { file: NAME }`,
    )
    return undefined
  }
  return value
}

/** Why a secret can be guessed; undefined for one that looks random. */
function weaknessOf(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < 32) return 'the secret is shorter than 32 bytes'
  if (secret.length > 4096) return 'the secret is longer than 4096 characters; this may be the wrong file'
  const isSample =
    /change[-_ ]?(?:me|this)|example|sample|placeholder|your[-_ ]?secret|insecure|password/i.test(secret)
  if (isSample || isPeriodic(secret) || new Set(secret).size < 8)
    return 'the secret is a sample, or not random'
  return undefined
}

/** Whether it is one piece repeated, as in `abcabcabc`. */
function isPeriodic(secret: string): boolean {
  for (let period = 1; period <= secret.length / 2; period++) {
    if (secret.endsWith(secret.slice(0, -period)) && secret.startsWith(secret.slice(period))) return true
  }
  return false
}
