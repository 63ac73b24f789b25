import type { CallerFamily, Dimension } from './caller-space.js'

/** Choices from the dimensions of a family: one number for each. */
export type Choices = readonly (readonly number[])[]

/**
 * Says in words which callers of a family these are: exactly they, and no others. A dimension that makes no
 * difference is left out.
 * @returns one phrase for each part that cannot be said together with another
 */
export function describeCallers({ of, dimensions }: CallerFamily, choices: Choices): readonly string[] {
  return phrasesOf(dimensions, choices, 0).map(words => {
    const says = (kind: Dimension['kind']): string | undefined => words.find(word => word.kind === kind)?.text
    const rest = words.filter(({ kind }) => kind === 'other').map(({ text }) => text)
    const subject = says('subject')
    const groups = says('groups')
    if (of === 'nobody') return ['anybody, without a login', ...rest].join(', ')
    const head = subject ?? (groups === undefined ? undefined : 'anybody')
    const who = [head, groups].flatMap(part => part ?? []).join(' ')
    if (of === 'person') return [who === '' ? 'anybody logged in' : who, ...rest].join(', ')
    return ['an API token', ...rest, ...(who === '' ? [] : [`that of ${who}`])].join(', ')
  })
}

interface Word {
  readonly kind: Dimension['kind']
  readonly text: string
}

function phrasesOf(
  dimensions: readonly Dimension[],
  choices: Choices,
  at: number,
): readonly (readonly Word[])[] {
  const dimension = dimensions[at]
  if (choices.length === 0) return []
  if (dimension === undefined) return [[]]
  const byValue = new Map<number, (readonly number[])[]>()
  for (const choice of choices) {
    const value = choice[at] ?? 0
    const same = byValue.get(value)
    if (same === undefined) byValue.set(value, [choice])
    else same.push(choice)
  }
  const alike = new Map<string, { readonly values: number[]; readonly choices: Choices }>()
  for (const [value, same] of byValue) {
    const key = same
      .map(choice => choice.slice(at + 1).join())
      .sort()
      .join(' ')
    const group = alike.get(key)
    if (group === undefined) alike.set(key, { values: [value], choices: same })
    else group.values.push(value)
  }
  return [...alike.values()].flatMap(group => {
    const rest = phrasesOf(dimensions, group.choices, at + 1)
    if (group.values.length === dimension.size) return rest
    const text = dimension.say([...group.values].sort((a, b) => a - b))
    return rest.map(words => [{ kind: dimension.kind, text }, ...words])
  })
}
