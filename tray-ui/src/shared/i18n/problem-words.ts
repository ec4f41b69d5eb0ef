/** What a problem of the agent is called in another language than its own (English), by code. */
export type ProblemWords = Readonly<Record<string, { readonly text: string; readonly mend?: string }>>;
