import type { RunRecord, Usage } from './records.ts';
import { parseMemoryBytes, type DriverSize } from './spark-environment.ts';
import { requestedSize } from './driver-choice.ts';
import { planJob } from './spark-job.ts';

const HOUR_SECONDS = 3600;
const GIGABYTE = 1024 ** 3;
/** The service bills at least a minute, and whole seconds. */
const MIN_BILLED_SECONDS = 60;
/** Disk that every worker has without extra cost. */
const FREE_DISK_GB = 20;

interface Workers {
  readonly vCpu: number;
  readonly memoryGb: number;
  readonly count: number;
}

/** The workers that a run asks for: its driver, and executors if it names their number. */
export const requestedWorkers = (run: RunRecord, defaultSize: DriverSize): Workers => {
  const plan = planJob(run.request);
  const driver = requestedSize(plan, defaultSize);
  const executors = Number(plan.conf['spark.executor.instances'] ?? 0);
  const executorCores = Number(plan.conf['spark.executor.cores'] ?? driver.cores);
  const memory = plan.conf['spark.executor.memory'];
  const executorBytes = memory === undefined ? driver.memoryBytes : parseMemoryBytes(memory);
  return {
    vCpu: driver.cores + executors * executorCores,
    memoryGb: (driver.memoryBytes + executors * executorBytes) / GIGABYTE,
    count: 1 + executors,
  };
};

const usageOf = ({ vCpu, memoryGb, count }: Workers, seconds: number): Usage => ({
  vCPUHour: (vCpu * seconds) / HOUR_SECONDS,
  memoryGBHour: (memoryGb * seconds) / HOUR_SECONDS,
  storageGBHour: (count * FREE_DISK_GB * seconds) / HOUR_SECONDS,
});

/** Adds what an attempt of this length used, and what the service would bill for it. */
export const addUtilization = (run: RunRecord, workers: Workers, elapsedMs: number): void => {
  const seconds = elapsedMs / 1000;
  const used = usageOf(workers, seconds);
  const billed = usageOf(workers, Math.max(MIN_BILLED_SECONDS, Math.ceil(seconds)));
  run.utilization = sum(run.utilization, used);
  run.billed = sum(run.billed, { ...billed, storageGBHour: 0 });
};

const sum = (earlier: Usage | undefined, more: Usage): Usage => ({
  vCPUHour: (earlier?.vCPUHour ?? 0) + more.vCPUHour,
  memoryGBHour: (earlier?.memoryGBHour ?? 0) + more.memoryGBHour,
  storageGBHour: (earlier?.storageGBHour ?? 0) + more.storageGBHour,
});
