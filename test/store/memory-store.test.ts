import { createMemoryStore } from '../../src/store/memory-store.js'
import { testStoreContract } from './store-contract.js'

testStoreContract((_t, now) => createMemoryStore({ now }))
