import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The jar of the trips in SQL: that of the application, whose connectors it takes, with another job. */
export function sqlJar(root: string, application: string, scratch: string): Buffer {
  const [classes, jar] = [join(scratch, 'sql-classes'), join(scratch, 'sql.jar')];
  mkdirSync(classes, { recursive: true });
  const libraries = join(root, '.tideline', 'tools', 'flink', 'lib', '*');
  const source = join(root, 'bench', 'stream', 'sql', 'TripSessionsSql.java');
  execFileSync('javac', ['--release', '11', '-cp', libraries, '-d', classes, source], { stdio: 'pipe' });
  copyFileSync(application, jar);
  execFileSync('jar', ['--update', '--file', jar, '--main-class', 'TripSessionsSql', '-C', classes, '.']);
  return readFileSync(jar);
}
