// Writes the JSON Schemas that editors use, from the very source that the built gateway validates with.
import { writeFileSync } from 'node:fs'
import * as schemas from '../../dist/config/json-schema.js'

const files = {
  'gateway.schema.json': schemas.gatewayJsonSchema(),
}

for (const [name, schema] of Object.entries(files)) {
  writeFileSync(new URL(`../../config/${name}`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`)
}
