import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default defineConfig(
  { ignores: ['dist/', '.tap/', 'bench-results/', 'data/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-eval': 'error',
      'no-new-func': 'error',
      'no-param-reassign': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-template': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // What is left out on purpose begins with an underscore.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      // A number in a message needs no conversion; objects, null and undefined still do.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => voidCall()` and `return voidCall()` read well where a function gives nothing back.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // A string spread is its code points, which is how names and passwords are measured.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // Contracts are asynchronous where one of their homes needs it; the others have nothing to await.
      '@typescript-eslint/require-await': 'off',
      // The caller of a typed read says what it stored: `get<T>(key)` names T once, in its answer.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // tap runs its subtests in order by itself; waiting for each would only add words.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafePromises: [
            { from: 'package', package: '@tapjs/core', name: ['PromiseWithSubtest'] },
          ],
        },
      ],
    },
  },
  { files: ['test/bench/**/*.ts', 'test/tools/**'], rules: { 'no-console': 'off' } },
)
