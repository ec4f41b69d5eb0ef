/** What the company's collector has got from its laptops. */
import type { Company } from './company.ts';
import type { Laptop } from './laptop.ts';
import { promise, tell, tellTable } from './tell.ts';

export async function tellTelemetry({ collector }: Company, laptops: readonly Laptop[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 6000));
  const names = new Map<string, number>();
  for (const { name } of collector.logs) names.set(name, (names.get(name) ?? 0) + 1);
  console.log(names, [...collector.metrics.keys()]);
  console.log(
    JSON.stringify(
      collector.logs.filter((x) => /ai_call|policy|heartbeat/.test(x.name)).slice(-6),
      undefined,
      1,
    ),
  );
  void laptops;
  void promise;
  void tell;
  void tellTable;
}
