import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HeadObjectCommand, NotFound, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { zipSync } from 'fflate';
import { parse } from 'yaml';
import { loadCatalogue, productsFolder } from '../model/catalogue.ts';

const checkout = dirname(productsFolder);
const logStoreSource = join('spark-jobs', 'log-store', 'tideline', 'ConditionalPutLogStore.java');

/** The log store as the installer has built it from this very source (`local/tools/install.mjs`). */
function logStoreJar(root: string, source: Uint8Array): Uint8Array {
  const name = `log-store-${createHash('sha256').update(source).digest('hex')}.jar`;
  const file = join(root, '.tideline', 'spark-jobs', name);
  if (!existsSync(file))
    throw new Error(`${file} is missing: \`npm run verify\` or \`npm test\` in this checkout builds it`);
  return readFileSync(file);
}

/** The package's files by their name in the archive: the Python modules, the contracts as JSON, models and reference data. */
function packageFiles(root: string): Record<string, Uint8Array> {
  const [jobs, products] = [join(root, 'spark-jobs'), join(root, 'products')];
  // The jobs take the contracts as they are: none that is wrong may reach them, and none that they do not build.
  const built = [...loadCatalogue(products).products.values()];
  const files: Record<string, Uint8Array> = {};
  for (const file of globSync('tideline_jobs/**/*.py', { cwd: jobs }).sort())
    files[file] = readFileSync(join(jobs, file));
  const contracts = built.map(({ key, folder }) => [
    key,
    parse(readFileSync(join(folder, 'contract.yaml'), 'utf8')) as unknown,
  ]);
  files['tideline_jobs/declared/contracts.json'] = Buffer.from(JSON.stringify(Object.fromEntries(contracts)));
  for (const { key, folder } of built)
    for (const file of globSync('*.{csv,sql}', { cwd: folder }).sort())
      files[`tideline_jobs/declared/${key.replace('.', '/')}/${file}`] = readFileSync(join(folder, file));
  return files;
}

/**
 * Uploads the Spark jobs under the hash of their content, which they write into every commit, and returns it. What is
 * there already is left alone, so running builds keep the code they started with.
 */
export async function publishJobs(client: S3Client, bucket: string, root = checkout): Promise<string> {
  const files = packageFiles(root);
  const entryPoint = readFileSync(join(root, 'spark-jobs', 'main.py'));
  // By its source: another compiler makes another jar, and no other jobs.
  const source = readFileSync(join(root, logStoreSource));
  const digest = createHash('sha256').update(entryPoint).update(source);
  for (const [name, content] of Object.entries(files)) digest.update(`${name}\0${content.length}\0`).update(content);
  const version = digest.digest('hex');
  const prefix = `spark-jobs/${version}`;
  try {
    await client.send(new HeadObjectCommand({ Bucket: bucket, Key: `${prefix}/main.py` }));
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    const deployed = { ...files, 'tideline_jobs/version': Buffer.from(version) };
    const jar = logStoreJar(root, source);
    const archive = zipSync(deployed, { mtime: '1980-01-02T00:00:00Z' });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/tideline_jobs.zip`, Body: archive }));
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/log-store.jar`, Body: jar }));
    // Last, as the sign that the package is whole.
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/main.py`, Body: entryPoint }));
  }
  return version;
}
