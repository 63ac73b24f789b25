import { gatewaySchema } from './schema.js'

/** The JSON Schema of gateway.yaml for editors: `config/gateway.schema.json` is this, as JSON. */
export function gatewayJsonSchema(): unknown {
  const schema: unknown = JSON.parse(JSON.stringify(gatewaySchema))
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'gateway.yaml', ...Object(schema) }
}
