import { hash } from '@node-rs/argon2'

/** The password of every user of the tests. */
export const PASSWORD = 'correct horse battery staple'

/** One user of a users file, as the tests need it. */
export interface DemoUser {
  readonly name: string
  readonly displayname?: string
  readonly email?: string
  /** In international form, for text messages. */
  readonly phone?: string
  readonly groups?: readonly string[]
  readonly disabled?: boolean
  readonly mfa?: 'enabled' | 'disabled'
  /** Default: `PASSWORD`. */
  readonly password?: string
}

/** Alice has everything, Bob no group and no e-mail, the others are there to be used up by one test each. */
export const DEMO_USERS: readonly DemoUser[] = [
  { name: 'alice', displayname: 'Alice Example', email: 'alice@app.example', groups: ['ops', 'staff'] },
  { name: 'bob', displayname: 'Bob Example' },
  ...['carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'mallory', 'niaj'].map(name => ({
    name,
    displayname: name,
    email: `${name}@app.example`,
    groups: ['staff'],
  })),
]

const hashes = new Map<string, Promise<string>>()

/** argon2id with the smallest cost that is worth a test, each password hashed once in a process. */
function cheapHash(password: string): Promise<string> {
  const known = hashes.get(password)
  if (known !== undefined) return known
  const made = hash(password, { memoryCost: 1024, timeCost: 1, parallelism: 1 })
  hashes.set(password, made)
  return made
}

/** Writes the text of a users file. JSON is YAML, so no value needs quoting rules of its own. */
export async function usersYaml(users: readonly DemoUser[] = DEMO_USERS): Promise<string> {
  const lines = await Promise.all(
    users.map(async ({ name, password, ...rest }) => {
      const entry = { displayname: name, ...rest, password: await cheapHash(password ?? PASSWORD) }
      return `  ${JSON.stringify(name)}: ${JSON.stringify(entry)}`
    }),
  )
  return `users:\n${lines.join('\n')}\n`
}
