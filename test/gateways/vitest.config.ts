import { defineConfig } from 'vitest/config';
import { SkipReporter } from '../skip-reporter.ts';

/** Where `npm run test:gateways` wants its figures. */
const reportFile = process.env['POSTERN_TEST_REPORT'];

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: ['test/gateways/*.real.ts'],
    testTimeout: 120_000,
    // The first run installs.
    hookTimeout: 1_200_000,
    pool: 'forks',
    // One gateway at a time: each is as heavy as all the rest of a journey.
    maxWorkers: 1,
    reporters: [
      'default',
      ...(reportFile ? [new SkipReporter(), ['json', { outputFile: reportFile }] as ['json', object]] : []),
    ],
  },
});
