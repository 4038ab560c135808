import type { FreshnessFinding } from '../../model/messages/freshness.ts';
import { supervisionId } from '../../model/stream-applications.ts';
import type { Orchestrator } from '../orchestrator.ts';

/** Applications of the stream over which nobody watches any more: their alarm hears those that somebody watches over. */
export async function findUnsupervisedStreams(
  orchestrator: Pick<Orchestrator, 'unsupervisedStreams'>,
): Promise<FreshnessFinding[]> {
  return (await orchestrator.unsupervisedStreams()).map(({ application, why }) => {
    const subject = supervisionId(application);
    const problem = `${subject} ${why}. Nobody starts ${application} again or says how it is; \`lake deploy\` begins what has ended`;
    const about = { product: application, interval: null, subject, runs: `WorkflowId = "${subject}"` };
    return { ...about, kind: 'not supervised', problem, alarm: 'P1-StreamDown' };
  });
}
