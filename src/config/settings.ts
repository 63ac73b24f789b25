import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox'
import Value from 'typebox/value'

/**
 * The building blocks of the schema. `description`, `default` and `examples` are what an editor shows;
 * `patternErrorMessage` is a keyword of editors too, and here it is the cure of a problem.
 */
export interface SettingOptions {
  /** What the setting does, for the person who hovers over it. */
  readonly description: string
  readonly examples?: readonly unknown[]
  readonly default?: unknown
}

/** A text that is not blank, or one that fits `pattern`; `cure` says what to write instead. */
export function text(options: SettingOptions, pattern = '\\S', cure = 'write a text that is not blank') {
  return Type.String({ ...options, maxLength: 1000, pattern, patternErrorMessage: cure })
}

/** A text of a closed list, each value with its effect in words. */
export function choice<const Values extends string[]>(
  options: SettingOptions,
  values: readonly [...Values],
  effects: readonly string[],
) {
  return Type.Enum<Values>([...values], { ...options, enumDescriptions: effects })
}

/** A list that is not empty and has no value twice. */
export function list<Item extends TSchema>(options: SettingOptions, item: Item) {
  return Type.Array(item, { ...options, minItems: 1, uniqueItems: true })
}

/** A block of settings that takes no other key. */
export function block<Properties extends TProperties>(description: string, properties: Properties) {
  return Type.Object(properties, { description, additionalProperties: false })
}

/** The name of a file. Relative ones are looked for beside the configuration file. */
export function fileName(description: string, example: string) {
  return text({ description: `${description} Relative to this file.`, examples: [example] })
}

/**
 * The settings of a block that fit their schemas. The others have been reported; this way what remains can
 * still be judged, and all problems are told at once.
 */
export function soundSettings<Properties extends TProperties>(
  schema: TObject<Properties>,
  value: unknown,
): Partial<Static<TObject<Properties>>> {
  if (!isBlock(value)) return {}
  const entries = Object.entries(value).filter(([key, item]) => {
    const property = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined
    return property !== undefined && Value.Check(property, item)
  })
  // Each value has just been checked against the schema that its type is derived from.
  return Object.fromEntries(entries) as Partial<Static<TObject<Properties>>>
}

/** Whether a value of the file is a block of settings. */
export function isBlock(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
