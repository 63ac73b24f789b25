import Type, { type TObject, type TSchema } from 'typebox'
import Value from 'typebox/value'

/**
 * Says which member of a body does not fit and what to send instead. What was sent is never repeated: it may be a
 * password.
 * @param body something that does not fit the schema
 */
export function faultOfBody(schema: TObject, body: unknown): string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'Send a JSON object.'
  for (const [name, member] of Object.entries(schema.properties)) {
    const value: unknown = Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined
    if (value === undefined && Type.IsOptional(member)) continue
    if (value === undefined) return `"${name}" is missing: it must be ${wanted(member)}.`
    if (!Value.Check(member, value)) return `"${name}" is not right: it must be ${wanted(member)}.`
  }
  return `Send a JSON object with ${Object.keys(schema.properties)
    .map(name => `"${name}"`)
    .join(', ')}.`
}

function wanted(schema: TSchema): string {
  if (Type.IsUnion(schema)) return schema.anyOf.map(wanted).join(' or ')
  if (Type.IsEnum(schema)) return schema.enum.map(value => `"${value}"`).join(' or ')
  if (Type.IsBoolean(schema)) return 'true or false'
  if (Type.IsObject(schema)) return 'a JSON object'
  if (Type.IsArray(schema)) return `a list of ${wanted(schema.items)}`
  const { maxLength } = schema as { maxLength?: number }
  return maxLength === undefined ? 'a text' : `a text of 1 to ${maxLength} characters`
}
