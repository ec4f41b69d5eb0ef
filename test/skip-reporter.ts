import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Names what was skipped at the end of a run, and why where the test said it. */
export class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = new Map<string, string>();
    for (const module of modules) {
      for (const test of module.children.allTests('skipped'))
        lines.set(test.fullName, `skipped: ${test.fullName}${reason(test)}`);
    }
    for (const line of lines.values()) console.log(line);
  }
}

function reason(test: TestCase): string {
  const result = test.result();
  return result.state === 'skipped' && result.note ? ` (${result.note})` : '';
}
