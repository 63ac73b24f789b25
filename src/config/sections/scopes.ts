import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { list, text } from '../settings.js'

const CURE = 'write up to 64 letters, digits and any of : . _ -, a letter or digit first, such as export:read'

/** A list of scopes of API tokens. */
export function scopeList(description: string) {
  return list(
    { description, examples: [['export:read']] },
    text({ description: 'A scope.' }, '^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$', CURE),
  )
}

/** Opens the gateway's own interface for backends, and nothing else. */
const OWN_SCOPE = 'authenticate'

/** Reads scopes that apps are opened with. */
export function readScopes(
  reading: Reading,
  path: Path,
  written: readonly string[] | undefined,
): readonly string[] | undefined {
  for (const [index, scope] of (written ?? []).entries()) {
    const at = [...path, index]
    if (scope === OWN_SCOPE) {
      const message = `the scope "${OWN_SCOPE}" is kept for the gateway's own interface: such tokens log people in`
      reading.findings.error(at, message, 'choose a name of your own, such as export:read')
    } else if (scope.startsWith('gh_')) {
      const cure = 'write the scope that the token was made with, such as export:read, and revoke the token'
      reading.findings.error(at, 'this looks like an API token, and it is no secret any more', cure)
    }
  }
  return written
}
