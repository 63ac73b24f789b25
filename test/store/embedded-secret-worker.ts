import { readOrCreateEmbeddedSecret } from '../../src/store/embedded-secret.js'

/** A second process for the test of the embedded secret: `embedded-secret-worker DIRECTORY`. */
process.on('message', () => {
  process.send?.(readOrCreateEmbeddedSecret(process.argv[2] ?? ''))
  process.disconnect()
})
process.send?.('ready')
