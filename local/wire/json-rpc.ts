import { unknownOperation, unsupportedOperation } from './errors.ts';
import { createJsonBody } from './json-body.ts';
import type { Operation } from './operation.ts';
import type { Protocol } from './protocol.ts';
import type { ServiceModel } from './service-model.ts';

/** AWS JSON 1.0 and 1.1: the operation is named by the X-Amz-Target header, everything else is in the body. */
export const createJsonRpcProtocol =
  (version: '1.0' | '1.1') =>
  (service: string, operations: readonly Operation[], model: ServiceModel): Protocol => {
    const contentType = { 'content-type': `application/x-amz-json-${version}` };
    const byTarget = new Map(operations.map((each) => [`${model.targetPrefix ?? ''}.${each.name}`, each]));
    const json = createJsonBody(false);
    return {
      decode: ({ method, target, headers, body }) => {
        const wanted = headers['x-amz-target'];
        if (typeof wanted !== 'string') throw unknownOperation(service, `${method} ${target} without X-Amz-Target`);
        const operation = byTarget.get(wanted);
        if (operation === undefined) {
          const [prefix, name = ''] = wanted.split('.', 2);
          const known = prefix === model.targetPrefix && name in model.operations;
          throw known ? unsupportedOperation(service, name) : unknownOperation(service, wanted);
        }
        return { operation, input: json.read(operation.input, body) };
      },
      encode: (operation, output) => ({
        httpStatus: 200,
        headers: contentType,
        body: json.write(operation.output, output),
      }),
      encodeError: ({ name, httpStatus, members }) => ({
        httpStatus,
        headers: { ...contentType, 'x-amzn-errortype': name },
        body: Buffer.from(JSON.stringify({ __type: name, ...members })),
      }),
    };
  };
