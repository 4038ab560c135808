import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'eslint/config';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** What the folder a file is in may import; the runtime that executes a file decides its folder (docs/architecture.md). */
const mayImport = {
  model: [],
  workflows: ['activities', 'model'],
  activities: ['model'],
  workers: ['activities', 'model', 'workflows'],
  schedules: ['activities', 'model', 'workflows'],
  deployment: ['activities', 'model', 'schedules', 'workers', 'workflows'],
  infra: ['model'],
  local: ['model'],
  cli: ['activities', 'deployment', 'local', 'model', 'schedules', 'workers', 'workflows'],
};
const foldersIn = (folder) =>
  readdirSync(join(import.meta.dirname, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
const everything = foldersIn('.');
const zones = Object.entries(mayImport).flatMap(([target, allowed]) =>
  everything
    .filter((folder) => folder !== target && folder !== 'node_modules' && !allowed.includes(folder))
    .map((folder) => ({
      target: `./${target}`,
      from: `./${folder}`,
      message: `${target}/ may import only ${allowed.join(', ') || 'itself'}`,
    })),
);
/** Folders that reach one service; what lies beside them puts several together. */
const services = foldersIn('activities').filter((folder) =>
  existsSync(join(import.meta.dirname, 'activities', folder, 'failures.ts')),
);
const separateServices = services.flatMap((service) =>
  foldersIn('activities')
    .filter((other) => other !== service)
    .map((other) => ({
      target: `./activities/${service}`,
      from: `./activities/${other}`,
      message: 'a service never imports another folder of activities/',
    })),
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
          zones: [...zones, ...separateServices],
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
