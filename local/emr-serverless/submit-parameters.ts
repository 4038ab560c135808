/** Splits a command line as a shell does: blanks separate, quotes and backslashes keep together. */
export const splitCommandLine = (text: string): string[] => {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === quote) {
      quote = undefined;
    } else if (character === '\\' && quote !== "'" && index + 1 < text.length) {
      index += 1;
      word = (word ?? '') + text.charAt(index);
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== undefined) throw new Error(`unbalanced ${quote}`);
  if (word !== undefined) words.push(word);
  return words;
};

/** spark-submit's options that are another way to write a setting. */
const SETTING_OF_OPTION: Readonly<Record<string, string>> = {
  '--name': 'spark.app.name',
  '--jars': 'spark.jars',
  '--py-files': 'spark.submit.pyFiles',
  '--files': 'spark.files',
  '--driver-memory': 'spark.driver.memory',
  '--driver-cores': 'spark.driver.cores',
  '--driver-java-options': 'spark.driver.extraJavaOptions',
  '--driver-class-path': 'spark.driver.extraClassPath',
  '--executor-memory': 'spark.executor.memory',
  '--executor-cores': 'spark.executor.cores',
  '--num-executors': 'spark.executor.instances',
};

export interface SubmitParameters {
  readonly conf: Readonly<Record<string, string>>;
  readonly mainClass: string | undefined;
}

const nextValue = (words: string[], option: string): string => {
  const value = words.shift();
  if (value === undefined) throw new Error(`${option} needs a value`);
  return value;
};

/** Reads sparkSubmitParameters. Throws on what this server cannot honour, so that nothing is ignored. */
export const parseSubmitParameters = (text: string): SubmitParameters => {
  const words = splitCommandLine(text);
  const conf: Record<string, string> = {};
  let mainClass: string | undefined;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [, option = word, inline] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
    if (inline !== undefined) words.unshift(inline);
    const setting = SETTING_OF_OPTION[option];
    if (option === '--conf' || option === '-c') {
      const pair = nextValue(words, option);
      const at = pair.indexOf('=');
      if (at < 1) throw new Error(`--conf ${pair} is not of the form key=value`);
      conf[pair.slice(0, at)] = pair.slice(at + 1);
    } else if (option === '--class') {
      mainClass = nextValue(words, option);
    } else if (setting !== undefined) {
      conf[setting] = nextValue(words, option);
    } else {
      throw new Error(`${word} is not supported by this local server`);
    }
  }
  return { conf, mainClass };
};
