/** One instruction of a Dockerfile: `RUN` and what follows it, with continued lines joined. */
export interface Instruction {
  readonly name: string
  readonly words: string
}

/** Reads a Dockerfile into stages, in order; the last one is the image. Comments are left out. */
export function readDockerfile(text: string): readonly (readonly Instruction[])[] {
  const stages: Instruction[][] = []
  for (const line of text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')) {
    const [, name, words = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    if (name === undefined) continue
    if (name === 'FROM') stages.push([])
    stages.at(-1)?.push({ name, words })
  }
  return stages
}

/** The words of the last instruction of that name. Throws when there is none. */
export function instruction(stage: readonly Instruction[], name: string): string {
  const found = stage.findLast(each => each.name === name)
  if (found === undefined) throw new Error(`the stage has no ${name}`)
  return found.words
}

/** The program and its words of a CMD in exec form, which needs no shell in the image. Throws at shell form. */
export function execForm(words: string): readonly string[] {
  const list: unknown = JSON.parse(words.slice(words.indexOf('[')))
  if (!Array.isArray(list)) throw new Error(`not in exec form: ${words}`)
  return list.map(String)
}
