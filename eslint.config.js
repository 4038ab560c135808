import { defineConfig } from 'eslint/config';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** What the folder a file is in may import; the runtime that executes a file decides its folder (docs/architecture.md). */
const zone = (target, from, except, message) => ({ target, from, except, message });
const everything = ['activities', 'bench', 'cli', 'infra', 'local', 'products', 'schedules', 'workers', 'workflows'];
const only = (target, allowed) =>
  everything
    .filter((folder) => folder !== target && !allowed.includes(folder))
    .map((folder) =>
      zone(`./${target}`, `./${folder}`, [], `${target}/ may import only ${allowed.join(', ') || 'itself'}`),
    );
const services = ['catalogue', 'emr-serverless', 'lake', 'ledger', 'redshift'];
const separateServices = services.flatMap((service) =>
  services
    // The plan of a build names the jobs and the results it is made of.
    .filter((other) => other !== service && service !== 'catalogue')
    .map((other) =>
      zone(`./activities/${service}`, `./activities/${other}`, [], 'a service never imports another service'),
    ),
);

export default defineConfig(
  { ignores: ['.tideline/', 'node_modules/', 'coverage/', '**/cdk.out/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowRegExp: true },
      ],
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: [
            ...only('workflows', ['activities']),
            ...only('products', []),
            ...only('activities', ['products', 'workflows']),
            ...only('schedules', ['workflows', 'activities', 'products']),
            ...only('workers', ['workflows', 'activities', 'products']),
            ...only('local', ['products']),
            ...only('infra', ['products']),
            ...separateServices,
          ],
        },
      ],
    },
  },
  {
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['process', 'setImmediate', 'fetch'].map((name) => ({ name, message: 'Workflows are deterministic.' })),
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!@temporalio/(workflow|common)$|luxon$|zod$|\\.{1,2}/).+',
              message: 'Workflows import Temporal, Luxon, Zod and each other.',
            },
            {
              regex: '/activities/',
              message: 'Workflows import only the types of activities.',
              allowTypeImports: true,
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['*.config.ts'], rules: { 'import-x/no-default-export': 'off' } },
);
