/** A value in one line of YAML. Objects and lists are in flow style, texts plain where they can be read in one way. */
export function yamlText(value: YamlValue): string {
  if (typeof value === 'string') return scalar(value)
  if (typeof value === 'boolean' || typeof value === 'number') return String(value)
  if (isList(value)) return `[${value.map(yamlText).join(', ')}]`
  const entries = Object.entries(value).flatMap(([key, item]) =>
    item === undefined ? [] : [`${key}: ${yamlText(item)}`],
  )
  return `{ ${entries.join(', ')} }`
}

/** What `yamlText` writes. Keys without a value are left out. */
export type YamlValue =
  string | number | boolean | readonly YamlValue[] | { readonly [key: string]: YamlValue | undefined }

/** A text for a comment: one line of it, whatever is in it. */
export function yamlComment(text: string): string {
  return `# ${text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')}`
}

function isList(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value)
}

/** Words that YAML or its older readers take for something else than a text. */
const NO_TEXT = /^(?:true|false|null|yes|no|on|off|y|n|~|[-+.0-9][-+.0-9eExXoO_]*|\.inf|\.nan)$/i

function scalar(text: string): string {
  if (/[^\P{C}]|[\p{Zl}\p{Zp}]/u.test(text)) return JSON.stringify(text)
  const isPlain =
    /^[A-Za-z0-9/_.][A-Za-z0-9/_.:@*-]*$/.test(text) && !text.endsWith(':') && !NO_TEXT.test(text)
  return isPlain ? text : `'${text.replaceAll("'", "''")}'`
}
