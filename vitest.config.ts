import { defineConfig } from 'vitest/config';
import { SkipReporter } from './test/skip-reporter.ts';

/** Where `npm test` wants its figures. */
const reportFile = process.env['POSTERN_TEST_REPORT'];

const jsonReport = (outputFile: string): ['json', { outputFile: string }] => ['json', { outputFile }];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/.cache/**'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // A run by hand is often filtered: then what was skipped says nothing.
    reporters: ['default', ...(reportFile ? [new SkipReporter(), jsonReport(reportFile)] : [])],
  },
});
