/** LiteLLM once more, with a database of its own, where PostgreSQL and Prisma's engine can be had. */
import { describe, it } from 'vitest';
import { describeGateway } from '../kit/gateways/journeys.ts';
import { describeDatabase } from './litellm/database/describe.ts';
import { databaseParts, startLitellmWithDatabase } from './litellm/database/real.ts';

const parts = await databaseParts();
if ('missing' in parts) {
  describe('LiteLLM with a database', () => {
    it('teams, users, customers', (context) => context.skip(parts.missing));
  });
} else {
  describeGateway('LiteLLM with a database', startLitellmWithDatabase);
  describeDatabase();
}
