/** The EMR Serverless applications: that of the scheduled lane, and that of late data and backfills. */
export const applicationNames = { scheduled: 'tideline', backfill: 'tideline-backfill' } as const;

type Application = keyof typeof applicationNames;

/** Their ids, which AWS gives. */
export type ApplicationIds = Readonly<Record<Application, string>>;

/** What tells one's figures in CloudWatch: its id and, from release 7.10 on, its name. */
export const applicationDimensions = (application: Application, ids: ApplicationIds) => ({
  ApplicationId: ids[application],
  ApplicationName: applicationNames[application],
});
