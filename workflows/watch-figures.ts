import type { FreshnessReport } from '../model/messages/freshness.ts';
import type { Measurement } from '../model/metrics.ts';

/**
 * What a watch tells by figures: `due` is what the ledger says, null where it could not be looked at, and `more` how many
 * findings there are besides. A watch that nobody hears is silent: without `intervals_expected` an alarm of CloudWatch's own
 * tells that.
 */
export function watchFigures(due: FreshnessReport | null, more: number, isTold = true): Measurement[] {
  const notFresh = (due?.byAlarm?.['P1-DataNotFresh'] ?? 0) + more;
  const figures: Measurement[] = [{ name: 'findings_not_fresh', value: notFresh }];
  if (!due) return figures;
  const { expected, byAlarm = {}, batchLatencyHours = null } = due;
  figures.push(
    // Every product of a schedule tells of it.
    { name: 'schedules_stopped', value: byAlarm['P1-ScheduleStopped'] ?? 0 },
    { name: 'restatements_waiting', value: byAlarm['P1-RestatementWaits'] ?? 0 },
    { name: 'claims_held', value: byAlarm['P1-ClaimHeld'] ?? 0 },
  );
  if (isTold) figures.push({ name: 'intervals_expected', value: expected });
  if (batchLatencyHours !== null) figures.push({ name: 'batch_processing_latency_hours', value: batchLatencyHours });
  return figures;
}
