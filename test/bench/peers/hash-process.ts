// What a login costs at least: checks of a password against a hash as the gateway makes them, one after another. Told
// how many milliseconds, it sends how many checks there were in a second.
import { hash, verifySync } from '@node-rs/argon2'

const PASSWORD = 'a password for the bench'
const stored = await hash(PASSWORD)

process.send?.(0)
process.on('message', milliseconds => {
  const begun = performance.now()
  let checks = 0
  for (; performance.now() - begun < Number(milliseconds); checks += 1) verifySync(stored, PASSWORD)
  process.send?.((checks * 1000) / (performance.now() - begun))
})
process.once('disconnect', () => process.exit())
