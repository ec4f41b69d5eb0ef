export async function benchDecisionPath(): Promise<void> {}
