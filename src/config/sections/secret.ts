import Type, { type Static } from 'typebox'
import type { Path } from '../read-yaml.js'
import { readNamedFile, type Reading } from '../reading.js'
import { fileName, text } from '../settings.js'

const CURE =
  'write { file: NAME } or ${NAME OF A VARIABLE}; make a secret with "gatehouse secret" or "openssl rand -base64 32"'

/**
 * A secret that stands elsewhere: in an environment variable or a file. `writeOnly` keeps editors, and our own
 * messages, from showing what is written in its place.
 */
export function secretReference(description: string, variable: string, file: string) {
  return Type.Union(
    [
      text({ description: 'It is in this environment variable.', examples: [`\${${variable}}`] }),
      Type.Object(
        { file: fileName('The file.', file) },
        { description: 'It is in a file.', additionalProperties: false, writeOnly: true },
      ),
    ],
    { description, writeOnly: true, examples: [`\${${variable}}`, { file }] },
  )
}

/** Where a secret is, as it is written. */
export type SecretReference = Static<ReturnType<typeof secretReference>>

const oneSecret = secretReference('One secret.', 'GATEHOUSE_SECRET', '/run/secrets/gatehouse')

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
    writeOnly: true,
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
    const secret = readStrongSecret(reading, path, one)
    if (secret === undefined) continue
    if (secrets.includes(secret)) {
      reading.findings.error(path, 'this secret is listed twice', 'list the new one and the previous one')
    } else secrets.push(secret)
  }
  return secrets.length === all.length ? secrets : undefined
}

/** Reads a secret that must not be guessed: at least 32 bytes, neither a sample nor a pattern. */
export function readStrongSecret(reading: Reading, path: Path, written: SecretReference): string | undefined {
  const secret = readSecret(reading, path, written, CURE)
  const weakness = secret === undefined ? undefined : weaknessOf(secret)
  if (weakness === undefined) return secret
  reading.findings.error(path, weakness, CURE)
  return undefined
}

/**
 * Reads a secret as somebody else chose it. It never gets into a message.
 * @param cure for one that stands in the configuration file itself
 * @returns undefined when it is not there, which is then reported
 */
export function readSecret(
  reading: Reading,
  path: Path,
  written: SecretReference,
  cure: string,
): string | undefined {
  if (typeof written !== 'string') {
    // Only the end of the last line, which editors add, is not part of it.
    const text = readNamedFile(reading, [...path, 'file'], written.file)?.replace(/\r?\n$/, '')
    if (text !== '') return text
    reading.findings.error(
      [...path, 'file'],
      'this file is empty',
      'write the secret into it, and nothing else',
    )
    return undefined
  }
  const name = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(written)?.[1]
  if (name === undefined) {
    reading.findings.error(path, 'a secret must not be written into the configuration file', cure)
    return undefined
  }
  if (reading.io.withoutSecrets === true) return undefined
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

/**
 * Reports a secret that is one of the gateway's own as well: whoever is given it for the one use has the other.
 * @param path where the other use stands
 */
export function reportOtherUse(
  findings: Reading['findings'],
  path: Path,
  secret: string,
  own: readonly string[] | undefined,
): void {
  if (own?.includes(secret) !== true) return
  const cure = 'make another one with "gatehouse secret": whoever checks the signatures has to know it'
  findings.error(path, 'this is the secret of the gateway itself', cure)
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
