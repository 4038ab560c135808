import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { runbookOf } from '../../model/alarms.ts';
import { root, tools } from '../tools.ts';

/** The commands that a person finds in a text. */
const commandsIn = (text: string): string[] =>
  [...text.matchAll(/`((?:temporal|npm run lake|aws kinesis\w*) [^`]+)`/g)].map(([, command = '']) => command);

export interface Shell {
  readonly checkout: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A runbook, whose commands are run as they are written. */
export class Runbook {
  readonly #name: string;
  readonly #commands: readonly string[];
  readonly #shell: Shell;
  readonly #followed = new Set<string>();

  constructor(name: string, shell: Shell) {
    this.#name = name;
    this.#commands = commandsIn(readFileSync(join(root, runbookOf({ name })), 'utf8'));
    this.#shell = shell;
  }

  /** Commands that none of these has run. */
  static left(runbooks: readonly Runbook[]): string[] {
    const followed = new Set(runbooks.flatMap((runbook) => [...runbook.#followed]));
    return [...new Set(runbooks.flatMap((runbook) => runbook.#commands))].filter((command) => !followed.has(command));
  }

  /** Runs the first command with these words; `filled` says what stands in the place of its examples and gaps. */
  follow(words: string, filled: Readonly<Record<string, string>> = {}): string {
    const written = this.#commands.find((command) => command.includes(words));
    if (written === undefined)
      throw new Error(`${this.#name} has no command with "${words}", but ${this.#commands.join('; ')}`);
    this.#followed.add(written);
    const command = Object.entries(filled).reduce((text, [gap, value]) => text.replace(gap, value), written);
    if (/…|PRODUCT|START|END|SNAPSHOT/.test(command)) throw new Error(`${this.#name}: what is meant in "${command}"?`);
    const { checkout: cwd, environment } = this.#shell;
    const PATH = [dirname(tools.temporal), dirname(tools.clientsPython), process.env.PATH].join(':');
    // The AWS CLI of the tests is the first, which reads its region from nowhere else.
    const region = { AWS_DEFAULT_REGION: environment.AWS_REGION };
    const options = {
      cwd,
      env: { ...process.env, ...environment, ...region, PATH },
      encoding: 'utf8',
      timeout: 300_000,
    } as const;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], options);
    if (status !== 0) throw new Error(`${this.#name}: ${command} ends with ${status}:\n${stdout}${stderr}`);
    return stripVTControlCharacters(stdout);
  }
}
