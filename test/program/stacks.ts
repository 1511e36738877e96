// What the stacks of this repository declare: runs index.ts itself, without an engine, with the
// config of a stack file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import ts from 'typescript';
import { parse } from 'yaml';
import type { RawConfig } from '../../config/parse.ts';
import { configKeys } from '../../config/schema.ts';
import { type Declared, declare } from './declare.ts';

/** The folder of the program and the stack files. */
export const root = join(__dirname, '../..');

/** The config of a stack file. */
export function stackFileConfig(stack: string): RawConfig {
  const { config } = parse(readFileSync(join(root, `Pulumi.${stack}.yaml`), 'utf8')) as { config?: RawConfig };
  return config ?? {};
}

/** Config as Pulumi passes it to the program: strings, with maps as JSON. */
const texts = (raw: RawConfig): Record<string, string> =>
  Object.fromEntries(
    Object.entries(raw)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

const compiled = ts.transpileModule(readFileSync(join(root, 'index.ts'), 'utf8'), {
  compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.CommonJS, esModuleInterop: true },
}).outputText;

/** Runs index.ts anew. Its imports are loaded once. */
function runProgram(): Record<string, unknown> {
  const program = { exports: {} as Record<string, unknown> };
  const load = (id: string): unknown => require(id.startsWith('.') ? join(root, id) : id);
  new Function('require', 'module', 'exports', '__dirname', compiled)(load, program, program.exports, root);
  return program.exports;
}

/** Options of a run, besides the config. */
export interface RunOptions {
  /** Keys that are encrypted in the stack file. @default those that must be encrypted */
  readonly secrets?: readonly string[];
  /** Called with each resource at once, for programs that fail. */
  readonly seen?: (resource: Declared) => void;
}

/**
 * Every resource that the program declares.
 *
 * @param raw config as in a stack file
 * @param stack name of the stack
 */
export async function declareProgram(
  raw: RawConfig,
  stack: string,
  { secrets = configKeys.filter(({ secret }) => secret).map(({ key }) => key), seen }: RunOptions = {},
): Promise<readonly Declared[]> {
  // How Pulumi tells the program which keys are encrypted, and where the user's kubeconfig is.
  process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(secrets);
  process.env.KUBECONFIG = '/home/user/.kube/config';
  // Warnings to the user have tests of their own.
  const { warn } = console;
  console.warn = () => undefined;
  const compose = () => {
    pulumi.runtime.setAllConfig(texts(raw), [...secrets]);
    return runProgram();
  };
  try {
    return await declare(stack, compose, seen);
  } finally {
    console.warn = warn;
  }
}

/**
 * Every resource of a stack.
 *
 * @param overrides config that takes precedence over the stack file; undefined removes a key
 */
export const declareStack = (stack: string, overrides: RawConfig = {}): Promise<readonly Declared[]> =>
  declareProgram({ ...stackFileConfig(stack), ...overrides }, stack);
