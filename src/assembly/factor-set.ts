import type { Clock } from '../clock.js'
import type { GatewayConfig } from '../config/gateway-config.js'
import { createBackupCodes } from '../factors/backup-codes.js'
import type { BackupCodes } from '../factors/backup-codes.js'
import { createCodeFactor } from '../factors/code-factor.js'
import type { Factor, SecondFactor } from '../factors/factor.js'
import { createKnowledgeQuestions } from '../factors/knowledge-question.js'
import type { KnowledgeQuestions } from '../factors/knowledge-question.js'
import { createOneTimeCodes } from '../factors/one-time-code.js'
import type { OneTimeCodes } from '../factors/one-time-code.js'
import { createTotp } from '../factors/totp.js'
import type { Totp } from '../factors/totp.js'
import { createWebAuthn } from '../factors/webauthn.js'
import type { WebAuthn } from '../factors/webauthn.js'
import type { EnrollableFactor } from '../login/login-step.js'
import type { Messages } from './messages.js'
import type { Seal } from '../store/seal.js'
import { type Store, StoreUnavailable } from '../store/store.js'
import type { HashQueue } from '../users/hash-queue.js'
import type { PasswordHasher } from '../users/hash-threads.js'

export interface FactorSetOptions {
  readonly config: Pick<GatewayConfig, 'publicUrl' | 'session' | 'mfa'>
  readonly store: Store
  readonly seal: Seal
  readonly now: Clock
  /** Gives cryptographically random bytes. */
  readonly random: (bytes: number) => Buffer
  readonly messages: Pick<Messages, 'mail' | 'sms'>
  /** The host as people see it in the address bar. */
  readonly site: string
  /** Where slow hashes are computed, so that answers never starve the proxy. */
  readonly queue: HashQueue
  readonly hasher: PasswordHasher
}

/** Every factor that the gateway knows, and which of them the operator takes. */
export interface FactorSet {
  readonly totp: Totp
  readonly webauthn: WebAuthn
  readonly backupCodes: BackupCodes
  /** Undefined where the operator does not take them. */
  readonly questions: KnowledgeQuestions | undefined
  readonly codes: OneTimeCodes
  /** Codes over a channel, for whatever they begin or finish; undefined where nothing is sent over it. */
  readonly overChannel: Readonly<Partial<Record<'email' | 'sms', Factor>>>
  /** Those that the operator takes as second factors, the usual one first. */
  readonly offered: readonly Factor[]
  /** What a first login can enrol. */
  readonly enrollable: readonly EnrollableFactor[]
  /** Every factor that is kept for a user, taken or not, for an operator's reset. */
  readonly kept: readonly Factor[]
}

export function createFactorSet({
  config,
  messages,
  site,
  queue,
  hasher,
  ...base
}: FactorSetOptions): FactorSet {
  /** Answered as 503: the caller may come again. */
  async function inQueue<T>(work: () => Promise<T>): Promise<T> {
    const done = await queue.run(work)
    if (done.outcome === 'busy') throw new StoreUnavailable('Too many slow hashes wait to be computed.')
    return done.value
  }

  const { mfa, publicUrl, session } = config
  const totp = createTotp({ ...base, parameters: mfa.totp })
  const webauthn = createWebAuthn({
    ...base,
    rpId: session.domain ?? publicUrl.host,
    rpName: mfa.issuer,
    origin: publicUrl.origin,
  })
  const backupCodes = createBackupCodes(base)
  const codes = createOneTimeCodes(base)
  const { mail, sms } = messages
  const email = mail && createCodeFactor({ channel: 'email', codes, send: mail, site })
  const text = sms && createCodeFactor({ channel: 'sms', codes, send: sms, site })
  const questions = createKnowledgeQuestions({
    ...base,
    countsAsSecondFactor: mfa.questionsCount,
    hash: text => inQueue(() => hasher.hash(text)),
    verify: (answer, hash) => inQueue(async () => (await hasher.verify(answer, hash)) === 'right'),
  })
  const all: Readonly<Record<SecondFactor, Factor | undefined>> = {
    totp,
    webauthn,
    backup_code: backupCodes,
    email,
    sms: text,
    knowledge_question: questions,
  }
  const takes = (method: SecondFactor): boolean => mfa.factors.includes(method)
  const enrollable = mfa.factors.filter(method => method === 'totp' || method === 'webauthn')
  return {
    totp,
    webauthn,
    backupCodes,
    questions: takes('knowledge_question') ? questions : undefined,
    codes,
    overChannel: { ...(email && { email }), ...(text && { sms: text }) },
    offered: mfa.factors.flatMap(method => all[method] ?? []),
    enrollable,
    kept: [totp, webauthn, backupCodes, questions],
  }
}
