import Type, { type TArray, type TObject, type TRecord, type TSchema, type TUnion } from 'typebox'
import Value from 'typebox/value'
import type { Findings } from './findings.js'
import { nearestWord } from '../documents/nearest-word.js'
import { quote } from '../documents/problem.js'
import type { Path } from './read-yaml.js'
import { isBlock } from './settings.js'

/** The keywords of the schema that the messages are made from, besides those that typebox types. */
interface Hints {
  readonly patternErrorMessage?: string
  readonly examples?: readonly unknown[]
  /** What is written here may be a secret, so no message repeats it. */
  readonly writeOnly?: boolean
}

/**
 * Judges a value by its schema and reports, for each part that does not fit, the sentence that helps. It reports
 * something exactly when typebox says that the value does not fit.
 */
export function reportSchemaProblems(findings: Findings, root: TObject | TArray, value: unknown): void {
  judge(root, value, [])

  function judge(schema: TSchema, value: unknown, path: Path): void {
    if (Type.IsUnion(schema)) judgeUnion(schema, value, path)
    else if (Type.IsObject(schema)) judgeBlock(schema, value, path)
    else if (Type.IsRecord(schema)) judgeRecord(schema, value, path)
    else if (Type.IsArray(schema)) judgeList(schema, value, path)
    else if (!Value.Check(schema, value)) reportValue(schema, value, path)
  }

  /** Judges by the alternative of the same kind as the value, so that the message is about what was meant. */
  function judgeUnion(schema: TUnion, value: unknown, path: Path): void {
    const alternatives = schema.anyOf.filter(one => kindOfSchema(one) === kindOfValue(value))
    const [first] = alternatives
    if (first === undefined || alternatives.length > 1 || !isOfType(first, value)) {
      if (!Value.Check(schema, value)) reportValue(schema, value, path)
    } else judge(first, value, path)
  }

  function judgeBlock(schema: TObject, value: unknown, path: Path): void {
    if (!isBlock(value)) {
      reportValue(schema, value, path)
      return
    }
    const known = Object.keys(schema.properties)
    for (const [key, part] of Object.entries(value)) {
      const property = known.includes(key) ? schema.properties[key] : undefined
      if (property === undefined) reportUnknownKey(key, known, path, isSecret(schema))
      else judge(property, part, [...path, key])
    }
    for (const [key, property] of Object.entries(schema.properties)) {
      if (Object.hasOwn(value, key) || Type.IsOptional(property)) continue
      const example = exampleOf(property)
      findings.error(
        path,
        `${owner(path)} needs "${key}"`,
        `add "${key}"${example === '' ? '' : `, such as ${key}: ${example}`}`,
      )
    }
  }

  /** A block whose keys are the operator's own. */
  function judgeRecord(schema: TRecord, value: unknown, path: Path): void {
    if (!isBlock(value)) {
      reportValue(schema, value, path)
      return
    }
    for (const [key, part] of Object.entries(value)) {
      const property = Object.entries(schema.patternProperties).find(([keys]) =>
        new RegExp(keys, 'u').test(key),
      )
      if (property !== undefined) judge(property[1], part, [...path, key])
      else findings.error([...path, key], `${quote(key)} is no name for ${owner(path)}`, NAME_CURE, 'key')
    }
  }

  function judgeList(schema: TArray, value: unknown, path: Path): void {
    if (!Array.isArray(value)) {
      reportValue(schema, value, path)
      return
    }
    const { maxItems, uniqueItems } = schema as { maxItems?: number; uniqueItems?: boolean }
    const name = quote(path.at(-1) ?? 'the file')
    if (value.length === 0) {
      findings.error(path, `${name} is an empty list`, 'add a value, or leave the key out')
    } else if (maxItems !== undefined && value.length > maxItems) {
      findings.error(path, `${name} has more than ${maxItems} values`, 'leave some out')
    }
    const seen = new Set<string>()
    for (const [index, item] of value.entries()) {
      const at = [...path, index]
      const text = JSON.stringify(item)
      if (uniqueItems === true && seen.has(text)) {
        findings.error(at, `${quote(item)} is listed twice in ${name}`, 'keep one of the two')
      }
      seen.add(text)
      judge(schema.items, item, at)
    }
  }

  function reportUnknownKey(key: string, known: readonly string[], path: Path, isHidden: boolean): void {
    if (findings.isFull()) return
    const near = nearestWord(key, known)
    const guess = near === undefined ? '' : `. Did you mean "${near}"?`
    const home = near === undefined ? homeOf(root, key, path) : undefined
    const cure =
      near !== undefined
        ? `write "${near}", or remove "${key}"`
        : home !== undefined
          ? `"${key}" is a setting of ${home}: move it there`
          : `remove it; known here: ${known.join(', ')}`
    const name = isHidden && near === undefined ? 'this' : quote(key)
    findings.error([...path, key], `${name} is not a setting of ${owner(path)}${guess}`, cure, 'key')
  }

  function reportValue(schema: TSchema, value: unknown, path: Path): void {
    const hints: Hints = schema
    if (findings.isFull()) return
    const name =
      typeof path.at(-1) === 'number'
        ? `a value of ${quote(path.at(-2) ?? 'the file')}`
        : quote(path.at(-1) ?? 'the file')
    const example = exampleOf(schema)
    const usual = example === '' ? 'see the example file' : `write for example ${example}`
    const values = choicesOf(schema)
    if (value === null) {
      findings.error(path, `${name} is empty`, hints.patternErrorMessage ?? `${usual}, or leave the key out`)
    } else if (values.length > 0 && kindOfValue(value) === 'scalar') {
      const near = nearestWord(scalarText(value), values)
      const guess = near === undefined ? '' : `. Did you mean "${near}"?`
      const cure = values.length === 1 ? `write ${values.join()}` : `write one of ${values.join(', ')}`
      findings.error(path, `${quote(value)} is not a value of ${name}${guess}`, cure)
    } else if (!isOfType(schema, value)) {
      const found =
        kindOfValue(value) === 'scalar' ? scalarWord(value, isSecret(schema)) : KINDS[kindOfValue(value)]
      findings.error(
        path,
        `${name} must be ${wanted(schema)}, and this is ${found}`,
        hints.patternErrorMessage ?? usual,
      )
    } else if (typeof value === 'string' && value.trim() === '') {
      findings.error(path, `${name} is blank`, hints.patternErrorMessage ?? usual)
    } else {
      const message =
        typeof value === 'string' && value.length > 1000
          ? `${name} is longer than 1000 characters`
          : `${quote(value)} does not fit ${name}, which is ${wanted(schema)}`
      findings.error(path, message, hints.patternErrorMessage ?? usual)
    }
  }
}

const NAME_CURE = 'write letters, digits and hyphens'

type Kind = 'scalar' | 'list' | 'block'
const KINDS: Readonly<Record<Kind, string>> = {
  scalar: 'a value',
  list: 'a list',
  block: 'a block of settings',
}

function kindOfValue(value: unknown): Kind {
  if (Array.isArray(value)) return 'list'
  return isBlock(value) ? 'block' : 'scalar'
}

function kindOfSchema(schema: TSchema): Kind {
  if (Type.IsArray(schema)) return 'list'
  return Type.IsObject(schema) || Type.IsRecord(schema) ? 'block' : 'scalar'
}

/** Whether a value is at least of the type that the schema asks for. */
function isOfType(schema: TSchema, value: unknown): boolean {
  if (Type.IsUnion(schema)) return schema.anyOf.some(one => isOfType(one, value))
  if (kindOfSchema(schema) !== kindOfValue(value)) return false
  if (Type.IsInteger(schema)) return typeof value === 'number'
  return !Type.IsString(schema) || typeof value === 'string'
}

function isSecret(schema: TSchema): boolean {
  const hints: Hints = schema
  return hints.writeOnly === true
}

function scalarText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function scalarWord(value: unknown, isHidden: boolean): string {
  if (isHidden) return typeof value === 'string' ? 'a text' : `a ${typeof value}`
  if (typeof value === 'boolean') return `the truth value ${String(value)}`
  return typeof value === 'number' ? `the number ${String(value)}` : 'a text'
}

function wanted(schema: TSchema): string {
  if (Type.IsUnion(schema)) return [...new Set(schema.anyOf.map(wanted))].join(' or ')
  if (Type.IsBoolean(schema)) return 'true or false'
  if (Type.IsInteger(schema)) return 'a whole number'
  if (Type.IsLiteral(schema)) return String(schema.const)
  return kindOfSchema(schema) === 'scalar' ? 'a text' : KINDS[kindOfSchema(schema)]
}

/** The closed list of values of a schema; empty when it has none. */
function choicesOf(schema: TSchema): readonly string[] {
  if (Type.IsUnion(schema)) {
    const scalars = schema.anyOf.filter(one => kindOfSchema(one) === 'scalar')
    const choices = scalars.map(choicesOf)
    return choices.some(values => values.length === 0) ? [] : choices.flat()
  }
  if (Type.IsEnum(schema)) return schema.enum.map(String)
  if (Type.IsBoolean(schema)) return ['true', 'false']
  return Type.IsLiteral(schema) ? [String(schema.const)] : []
}

function exampleOf(schema: TSchema | undefined): string {
  const [example]: readonly unknown[] = (schema as Hints | undefined)?.examples ?? []
  if (example === undefined) return ''
  if (typeof example === 'string') return example
  return JSON.stringify(example)
    .replace(/"/g, '')
    .replace(/([:,])/g, '$1 ')
}

const OWNERS = new Map<unknown, string>([
  ['routes', 'a route'],
  ['apps', 'an app'],
])

/** How messages call the block at a path. */
function owner(path: Path): string {
  const last = path.at(-1)
  if (last === undefined) return 'this file'
  if (typeof last !== 'number') return quote(last)
  return OWNERS.get(path.at(-2)) ?? 'a case'
}

/** Where a key that is unknown here belongs. */
function homeOf(root: TObject | TArray, key: string, path: Path): string | undefined {
  if (!Type.IsObject(root)) return undefined
  const apps = root.properties.apps
  const app = apps !== undefined && Type.IsArray(apps) && Type.IsObject(apps.items) ? apps.items : undefined
  const routes = app?.properties.routes
  const route =
    routes !== undefined && Type.IsArray(routes) && Type.IsObject(routes.items) ? routes.items : undefined
  const homes: readonly (readonly [string, TObject | undefined])[] = [
    ['a route', route],
    ['an app', app],
    ['this file', root],
  ]
  const home = homes.find(
    ([name, schema]) => name !== owner(path) && schema !== undefined && Object.hasOwn(schema.properties, key),
  )
  return home?.[0] === 'this file' ? 'the file itself, at its top' : home?.[0]
}
