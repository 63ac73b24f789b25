import {
  createHash,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'

/** Bits of the byte of flags (WebAuthn Level 3, 6.1). */
export const FLAG = { UP: 0x01, UV: 0x04, BE: 0x08, BS: 0x10, AT: 0x40, ED: 0x80 } as const

/** What an authenticator and a browser put into a response. Whatever is given here is told instead of the truth. */
export interface Told {
  readonly origin?: string
  readonly rpId?: string
  readonly flags?: number
  /** The signature counter. By default it stays 0, as that of most passkeys does. */
  readonly counter?: number
  /** Base64url. */
  readonly challenge?: string
  readonly type?: string
  /** Further members of the client data. */
  readonly clientData?: Readonly<Record<string, unknown>>
  /** Base64url; null for a key that does not know its user. */
  readonly userHandle?: string | null
  /** Base64url, in the response's `id` and `rawId` only. */
  readonly id?: string
  /** The COSE key instead of the real one. */
  readonly coseKey?: ReadonlyMap<number, number | Uint8Array>
  /** The attestation's format and statement. Default: `none` and an empty one. */
  readonly attestation?: readonly [format: string, statement: Cbor]
  readonly transports?: unknown
  /** Signs instead of the real private key. */
  readonly signer?: KeyObject
}

/** A security key in software together with the browser that it is used in: gives what the script would send. */
export interface SecurityKey {
  /** Base64url. */
  readonly credentialId: string
  readonly coseKey: ReadonlyMap<number, number | Uint8Array>
  readonly privateKey: KeyObject
  /** Answers `navigator.credentials.create()`, and remembers for whom. */
  create(options: unknown, told?: Told): string
  /** Answers `navigator.credentials.get()`. */
  get(options: unknown, told?: Told): string
}

/** The members of the options that a key looks at. */
interface Options {
  readonly challenge: string
  readonly user?: { readonly id: string }
}

/**
 * @param algorithm a COSE algorithm: ES256, EdDSA with Ed25519, or RS256
 * @param truth what is told by default, the origin and the RP id among it
 */
export function createSecurityKey(
  truth: Told & { readonly origin: string; readonly rpId: string },
  algorithm: -7 | -8 | -257 = -7,
): SecurityKey {
  const { privateKey, coseKey } = makeKeys(algorithm)
  const credentialId = randomBytes(32).toString('base64url')
  let userHandle: string | null = null

  const clientDataOf = (type: string, told: Told, options: Options): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: told.type ?? type,
        challenge: told.challenge ?? options.challenge,
        origin: told.origin,
        crossOrigin: false,
        ...told.clientData,
      }),
    )
  const authenticatorData = (told: Told, attested: Buffer): Buffer => {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(told.counter ?? 0)
    const flags = (told.flags ?? FLAG.UP | FLAG.UV) | (attested.length > 0 ? FLAG.AT : 0)
    return Buffer.concat([sha256(told.rpId ?? ''), Buffer.of(flags), counter, attested])
  }
  const write = (told: Told, response: Readonly<Record<string, unknown>>): string => {
    const id = told.id ?? credentialId
    // More members than are wanted, as browsers have them.
    const extra = { authenticatorAttachment: 'cross-platform', clientExtensionResults: {} }
    return JSON.stringify({ id, rawId: id, type: 'public-key', ...extra, response })
  }

  return {
    credentialId,
    coseKey,
    privateKey,
    create: (options, lies = {}) => {
      const told = { ...truth, ...lies }
      userHandle = (options as Options).user?.id ?? null
      const id = Buffer.from(credentialId, 'base64url')
      const length = Buffer.alloc(2)
      length.writeUInt16BE(id.length)
      const attested = Buffer.concat([Buffer.alloc(16), length, id, encodeCbor(told.coseKey ?? coseKey)])
      const [format, statement] = told.attestation ?? ['none', new Map()]
      const authData = authenticatorData(told, attested)
      const object = new Map<string, Cbor>([
        ['fmt', format],
        ['attStmt', statement],
        ['authData', authData],
      ])
      return write(told, {
        clientDataJSON: clientDataOf('webauthn.create', told, options as Options).toString('base64url'),
        attestationObject: encodeCbor(object).toString('base64url'),
        transports: told.transports ?? ['usb', 'nfc'],
      })
    },
    get: (options, lies = {}) => {
      const told = { ...truth, ...lies }
      const clientData = clientDataOf('webauthn.get', told, options as Options)
      const authData = authenticatorData(told, Buffer.alloc(0))
      const signed = Buffer.concat([authData, sha256(clientData)])
      const hash = algorithm === -8 ? null : 'sha256'
      return write(told, {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: sign(hash, signed, told.signer ?? privateKey).toString('base64url'),
        userHandle: told.userHandle === undefined ? userHandle : told.userHandle,
      })
    },
  }
}

function makeKeys(algorithm: -7 | -8 | -257) {
  if (algorithm === -7) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return { privateKey, coseKey: toCoseKey(publicKey) }
  }
  if (algorithm === -8) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    return { privateKey, coseKey: toCoseKey(publicKey) }
  }
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { privateKey, coseKey: toCoseKey(publicKey) }
}

/** Writes a public key as a COSE key (RFC 9053, section 7; RFC 8230, section 4). */
export function toCoseKey(publicKey: KeyObject): Map<number, number | Uint8Array> {
  const jwk: JsonWebKey = publicKey.export({ format: 'jwk' })
  const bytes = (text = ''): Buffer => Buffer.from(text, 'base64url')
  const key = new Map<number, number | Uint8Array>()
  if (jwk.kty === 'EC') return key.set(1, 2).set(3, -7).set(-1, 1).set(-2, bytes(jwk.x)).set(-3, bytes(jwk.y))
  if (jwk.kty === 'OKP') return key.set(1, 1).set(3, -8).set(-1, 6).set(-2, bytes(jwk.x))
  return key.set(1, 3).set(3, -257).set(-1, bytes(jwk.n)).set(-2, bytes(jwk.e))
}

type Cbor = number | string | Uint8Array | readonly Cbor[] | ReadonlyMap<number | string, Cbor>

/** CBOR (RFC 8949) as far as authenticators write it. */
function encodeCbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value)
  if (typeof value === 'string')
    return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([cborHead(2, value.length), value])
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<number | string, Cbor>)]
    return Buffer.concat([cborHead(5, entries.length), ...entries.flat().map(encodeCbor)])
  }
  const items = value as readonly Cbor[]
  return Buffer.concat([cborHead(4, items.length), ...items.map(encodeCbor)])
}

function cborHead(major: number, length: number): Buffer {
  if (length < 24) return Buffer.of((major << 5) | length)
  if (length < 0x100) return Buffer.of((major << 5) | 24, length)
  return Buffer.of((major << 5) | 25, length >> 8, length & 0xff)
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}
