/** Where EMR's release has Delta Lake; its Python package lies in the first of the jars. */
const deltaJars = ['/usr/share/aws/delta/lib/delta-spark.jar', '/usr/share/aws/delta/lib/delta-storage.jar'] as const;

/** The code of a job and what it runs on. The log store lets any number of drivers commit to one table. */
export const sparkSettings = (jobsUri: string): string =>
  [
    `--jars ${[...deltaJars, `${jobsUri}/log-store.jar`].join(',')}`,
    `--py-files ${jobsUri}/tideline_jobs.zip,${deltaJars[0]}`,
    '--conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension',
    '--conf spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog',
    // Tables are known by their paths: jobs may ask no metastore, nor could they reach one.
    '--conf spark.sql.catalogImplementation=in-memory',
    '--conf spark.delta.logStore.s3.impl=tideline.ConditionalPutLogStore',
    '--conf spark.sql.session.timeZone=UTC',
    // What a job counts beside its rows is told by an event on this queue: one that is dropped would be waited for.
    '--conf spark.scheduler.listenerbus.eventqueue.shared.capacity=100000',
  ].join(' ');
