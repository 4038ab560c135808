import { z } from 'zod';

/** How a local service reaches AWS, by the variables of the SDK, and as which account it answers. */
export const awsSettings = {
  AWS_ENDPOINT_URL: z.url(),
  /** Where figures go; without it they go nowhere. */
  AWS_ENDPOINT_URL_CLOUDWATCH: z.url().optional(),
  AWS_REGION: z.string().default('us-east-1'),
  AWS_ACCOUNT_ID: z
    .string()
    .regex(/^\d{12}$/)
    .default('000000000000'),
  AWS_ACCESS_KEY_ID: z.string().default('local'),
  AWS_SECRET_ACCESS_KEY: z.string().default('local'),
};
