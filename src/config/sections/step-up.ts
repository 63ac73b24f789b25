import Type, { type Static } from 'typebox'
import type { StepUp } from '../../access/route.js'
import type { Path } from '../read-yaml.js'
import type { Reading } from '../reading.js'
import { block } from '../settings.js'
import { duration, milliseconds } from './duration.js'
import { secondFactorList } from './second-factors.js'

export const stepUpSchema = block('Ask somebody who is logged in for a fresher or stronger proof.', {
  max_age: Type.Optional(
    duration('The proof must not be older than this. Without it, any age will do.', 'none', '5m'),
  ),
  methods: Type.Optional(
    secondFactorList(
      'Any one of these will do. Without it, any second factor. Each must be among mfa.factors.',
      ['webauthn'],
    ),
  ),
})

/** Reads `step_up`. Whether its methods are in use is judged once the whole file is known. */
export function readStepUp(
  reading: Reading,
  path: Path,
  written: Static<typeof stepUpSchema> | undefined,
): StepUp | undefined {
  if (written === undefined) return undefined
  if (Object.keys(written).length === 0) {
    reading.findings.error(path, 'this step_up asks for nothing', 'write for example { max_age: 5m }')
  }
  const maxAge = written.max_age === undefined ? undefined : milliseconds(written.max_age)
  return { maxAge, methods: written.methods }
}
