import js from '@eslint/js';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The rooms, and who may import whom: arrows point inwards. Every room may import itself, what stands here, and the words.
 * `index.ts`, `main.ts` and `only-version.ts` are doors, which nobody may import.
 */
const rooms = {
  election: [],
  kube: ['election'],
  locks: ['election', 'kube'],
  child: ['election/clock.ts'],
  observe: ['election', 'child/exit-status.ts'],
  cli: ['election'],
  takeover: ['election', 'kube', 'locks'],
  extras: ['election', 'kube', 'locks', 'observe', 'takeover', 'cli/run-options.ts'],
  run: ['election', 'locks', 'observe', 'cli', 'child', 'extras', 'world.ts'],
  commands: [
    'election',
    'kube',
    'locks',
    'observe',
    'cli',
    'child/command.ts',
    'child/exit-status.ts',
    'child/keeper-problem.ts',
    'child/signals.ts',
    'extras/pod.ts',
    'takeover',
    'print.ts',
    'world.ts',
  ],
  library: ['election', 'locks', 'kube', 'takeover'],
  testing: ['election'],
  platform: [],
};
/** Plain vocabulary beside the rooms, for all but the election and its test tools. */
const words = [
  'clock.ts',
  'duration.ts',
  'errors.ts',
  'events.ts',
  'exit-code.ts',
  'names.ts',
  'platform',
  'text.ts',
  'version.ts',
];
const isPure = (room) => ['election', 'testing', 'platform'].includes(room);

const walls = Object.entries(rooms).map(([room, others]) => ({
  target: `./src/${room}`,
  from: './src',
  except: [room, ...others, ...(isPure(room) ? [] : words)].map((path) => `./${path}`),
  message: `src/${room} must not know this part (see CONTRIBUTING, "The walls")`,
}));

export default tseslint.config(
  // The web applications among the examples are projects of their own, which their test compiles.
  {
    ignores: ['dist', 'node_modules', 'coverage', 'docs/reference', 'examples', 'test/**/*.go'],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true } },
    settings: { 'import-x/extensions': ['.ts', '.js'] },
    rules: {
      'no-console': 'error',
      'max-lines': ['error', { max: 250 }],
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': ['error', { zones: walls }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreVoidOperator: true }],
      '@typescript-eslint/prefer-nullish-coalescing': [
        'error',
        { ignorePrimitives: { string: true } },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'setImmediate'],
    },
  },
  {
    files: ['src/platform/node/*.ts'],
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'Only the door ends the process.' },
        { object: 'process', property: 'stdout', message: 'stdout belongs to CMD.' },
        { object: 'process', property: 'stderr', message: 'Touching it changes what CMD gets.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          name: 'node:fs/promises',
          importNames: ['readFile'],
          message: 'Unseen while it hangs: see kube/cluster.ts.',
        },
      ],
    },
  },
  {
    files: ['src/platform/host/**/*.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  { files: ['src/platform/host/modules/*.ts'], rules: { 'import-x/no-default-export': 'off' } },
  {
    files: ['src/election/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'Date',
        'performance',
        'process',
        'setTimeout',
        'setInterval',
        'setImmediate',
      ],
    },
  },
  {
    files: ['src/clock.ts', 'src/kube/**/*.ts', 'src/locks/**/*.ts'],
    rules: { 'no-restricted-globals': ['error', 'process'] },
  },
  // The condition "development" in the exports of a package that it imports confuses the resolver.
  { files: ['test/process/package.test.ts'], rules: { 'import-x/no-cycle': 'off' } },
  {
    files: ['docs/examples/*.ts'],
    rules: {
      'no-console': 'off',
      // The client's types are classes; what it takes and gives are plain objects.
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  { files: ['*.config.ts'], rules: { 'import-x/no-default-export': 'off' } },
  {
    files: ['bench/**/*.ts', 'test/**/*.ts'],
    rules: {
      'max-lines': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: {
        __dirname: 'readonly',
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        setImmediate: 'readonly',
      },
    },
  },
  { files: ['bin/*.js', '**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
);
