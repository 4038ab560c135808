import type { Call } from '../crash/interceptor.ts';

/**
 * Rights that a call of S3 needs; `names` has what a bucket is called in the stack.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
export function s3RightsFor({ operation, query, body }: Call, names: Readonly<Record<string, string>>): string[] {
  const [, method = '', of = '', key = ''] = /^(\w+) \/([^/]+)\/?(.*)$/.exec(operation) ?? [];
  const bucket = names[of] ?? of;
  const object = `${bucket}/${key}`;
  if (key === '' && method === 'POST')
    return [...body.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, deleted = '']) => `s3:DeleteObject ${bucket}/${deleted}`);
  if (key === '') return [`s3:${/\buploads\b/.test(query) ? 'ListBucketMultipartUploads' : 'ListBucket'} ${bucket}`];
  if (method === 'DELETE')
    return [`s3:${query.includes('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject'} ${object}`];
  if (method === 'PUT' || method === 'POST') return [`s3:PutObject ${object}`];
  if (query.includes('uploadId')) return [`s3:ListMultipartUploadParts ${object}`];
  // Who may not list a bucket is not told that an object is missing.
  return [`s3:GetObject ${object}`, ...(method === 'HEAD' ? [`s3:ListBucket ${bucket}`] : [])];
}
