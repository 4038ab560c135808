import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { LakehouseStack, type LakehouseProps } from '../../infra/lakehouse-stack.ts';

export function templateOf(props: LakehouseProps = {}): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'lakehouse-template-'));
  try {
    return Template.fromStack(new LakehouseStack(new App({ outdir }), 'Lakehouse', props));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

interface Document {
  readonly Statement: readonly {
    readonly Action: string | readonly string[];
    readonly Resource: unknown;
    readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  }[];
}

/** A right that a policy gives. Resources are written with the stack's own names: `Lake/_staging/*` lies in the bucket `Lake`. */
export interface Grant {
  readonly action: string;
  readonly resource: string;
  readonly condition: unknown;
}

/** A template's value as text, with what it refers to by the name that it has in the stack. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[intrinsic, of] = ['', '']] = Object.entries(value as Record<string, unknown>);
  const named = (id: string): string => id.replace(/[0-9A-F]{8}$/, '');
  if (intrinsic === 'Ref') return named(of as string);
  if (intrinsic === 'Fn::GetAtt') return named((of as string[])[0]!);
  if (intrinsic === 'Fn::Join') return (of as [string, unknown[]])[1].map(textOf).join((of as [string])[0]);
  throw new Error(`${intrinsic} in a policy: teach textOf what it means`);
}

/** The rights of a policy, or of the policy that belongs to a role: one for each pair of action and resource. */
export function grantsOf(template: Template, policy: string): Grant[] {
  const policies = {
    ...template.findResources('AWS::IAM::Policy'),
    ...template.findResources('AWS::IAM::ManagedPolicy'),
  };
  const found = Object.entries(policies).filter(([id]) => id.startsWith(policy));
  return found
    .flatMap(([, each]) => (each as { Properties: { PolicyDocument: Document } }).Properties.PolicyDocument.Statement)
    .flatMap(({ Action, Resource, Condition: condition }) =>
      [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((resource) => ({ action, resource: textOf(resource), condition }))),
    );
}

const covers = (pattern: string, resource: string): boolean =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(resource);

/** Whether a grant allows a call, written `s3:GetObject Lake/silver/trips/part`. */
export const allows = ({ action, resource }: Grant, call: string): boolean => {
  const [called = '', on = ''] = call.split(' ');
  return action === called && covers(resource, on);
};

/** What is granted and not used, and what is used and not granted. */
export function compare(grants: readonly Grant[], calls: readonly string[]) {
  return {
    refused: calls.filter((call) => !grants.some((grant) => allows(grant, call))),
    unused: grants.filter((grant) => !calls.some((call) => allows(grant, call))),
  };
}
