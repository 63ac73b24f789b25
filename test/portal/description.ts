import type { TSchema } from 'typebox'
import Value from 'typebox/value'
import { HOST, type TestGateway } from '../harness/gateway.js'
import { type Reply, roundTrip } from '../harness/person.js'

/** As much of an OpenAPI description as the tests look at. */
export interface Description {
  readonly openapi: string
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

interface DescribedOperation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: TSchema }>> }
  readonly responses: Readonly<Record<string, DescribedResponse>>
}

interface DescribedResponse {
  readonly $ref?: string
  readonly description?: string
  readonly content?: Readonly<Record<string, { readonly schema?: TSchema }>>
}

const descriptions = new WeakMap<TestGateway, Promise<Description>>()

/** What the gateway says of itself, read once. */
export function describedBy(gateway: TestGateway): Promise<Description> {
  const known = descriptions.get(gateway)
  if (known !== undefined) return known
  const read = roundTrip(gateway, 'GET', '/auth/openapi.json', { Host: HOST }, undefined).then(
    reply => inlined(JSON.parse(reply.text)) as Description,
  )
  descriptions.set(gateway, read)
  return read
}

/** Throws when the description does not know the address, the status, the type of the body, or one of its members. */
export async function checkAgainstDescription(
  gateway: TestGateway,
  method: string,
  path: string,
  reply: Reply,
): Promise<void> {
  if (!path.startsWith('/auth/') || reply.status === 404) return
  const { paths } = await describedBy(gateway)
  const [plain = ''] = path.split('?')
  const at = Object.keys(paths).find(known =>
    new RegExp(`^${known.replace(/\{\w+\}/g, '[^/]+')}$`).test(plain),
  )
  const operation = at === undefined ? undefined : paths[at]?.[method.toLowerCase()]
  const what = `${method} ${path} ${reply.status}`
  if (operation === undefined) throw new Error(`${what}: not described`)
  const response = operation.responses[reply.status] ?? operation.responses.default
  const [type = ''] = (reply.header('content-type')[0] ?? '').split(';')
  const described = response?.content?.[type] ?? response?.content?.['*/*']
  if (described === undefined) throw new Error(`${what}: ${type} is not described`)
  if (reply.status < 400 && operation.responses[reply.status] === undefined)
    throw new Error(`${what}: the status is not described`)
  if (described.schema === undefined) return
  const faults = Value.Errors(closed(described.schema), reply.json)
  if (faults.length > 0) throw new Error(`${what}: ${JSON.stringify(faults)} in ${reply.text}`)
}

/** The same schema, but an object has no member that the schema does not name. */
function closed(schema: TSchema): TSchema {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'properties' in value && 'type' in value
      ? { ...value, additionalProperties: false }
      : value,
  ) as TSchema
}

/** Puts what a `$ref` names in its place. */
function inlined(document: unknown): unknown {
  const resolve = (pointer: string): unknown =>
    pointer
      .replace('#/', '')
      .split('/')
      .reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], document)
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== 'object' || value === null) return value
    if ('$ref' in value && typeof value.$ref === 'string') return walk(resolve(value.$ref))
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, walk(part)]))
  }
  return walk(document)
}
