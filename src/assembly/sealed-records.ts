import { SIGNING_KEY_SEALS } from '../credentials/key-ring.js'
import { BACKUP_CODE_SEALS } from '../factors/backup-codes.js'
import { QUESTION_SEALS } from '../factors/knowledge-question.js'
import { CODE_SEALS } from '../factors/one-time-code.js'
import { TOTP_SEALS } from '../factors/totp.js'
import { WEBAUTHN_CHALLENGE_SEALS } from '../factors/webauthn-challenges.js'
import { WEBAUTHN_KEY_SEALS } from '../factors/webauthn-keys.js'
import { ENROLMENT_SEALS } from '../login/enrolment.js'
import { LINK_SEALS } from '../login/link-login.js'
import type { SealedRecords } from '../store/reseal.js'

/** Every kind of record that holds something sealed. What lives longest comes first. */
export const SEALED_RECORDS: readonly SealedRecords[] = [
  SIGNING_KEY_SEALS,
  TOTP_SEALS,
  WEBAUTHN_KEY_SEALS,
  BACKUP_CODE_SEALS,
  QUESTION_SEALS,
  ENROLMENT_SEALS,
  LINK_SEALS,
  CODE_SEALS,
  WEBAUTHN_CHALLENGE_SEALS,
]
