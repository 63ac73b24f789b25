import { openChain, told } from './chain-bench.js'

/** A second process that writes to a chained file: `chain-worker FILE NAME COUNT`. */
const [file = '', name = '', count = '0'] = process.argv.slice(2)
const chain = openChain(file)
for (let n = 0; n < Number(count); n += 1) {
  await chain.append([told(`${name}-${n}`)])
  process.send?.(n)
}
await chain.close()
process.disconnect()
