import type { Late, ResponseCommand } from '../core/flow.ts';
import type { Question, Reply } from '../enforce/guardrail.ts';

/** Questions of one answer that are out at the same time. */
const MAX_ASKED_AT_ONCE = 4;
/** With more open questions than this, the upstream waits: about 8 windows of text. */
const MAX_OPEN = 8;

interface Entry {
  readonly question: Question;
  reply: Reply | undefined;
}

/**
 * Asks other services about a streamed answer: a few questions at a time, so that one slow reply doesn't hold up the
 * asking; their replies are settled in the order of the questions, so that how fast each comes changes nothing but time.
 */
export class StreamQuestions implements Late<ResponseCommand> {
  readonly #settle: (question: Question, reply: Reply) => readonly ResponseCommand[];
  /** In the order of asking. */
  #open: Entry[] = [];
  #next = 0;
  #out = 0;
  #deliver: ((take: () => readonly ResponseCommand[]) => void) | undefined;

  constructor(settle: (question: Question, reply: Reply) => readonly ResponseCommand[]) {
    this.#settle = settle;
  }

  get full(): boolean {
    return this.#open.length >= MAX_OPEN;
  }

  get waiting(): boolean {
    return this.#open.length > 0;
  }

  listen(deliver: (take: () => readonly ResponseCommand[]) => void): void {
    this.#deliver = deliver;
  }

  ask(question: Question): void {
    this.#open.push({ question, reply: undefined });
    this.#askMore();
  }

  /** The answer is over: nothing more is asked, and what is still said is of no use. */
  close(): void {
    this.#open = [];
    this.#next = 0;
    this.#deliver = undefined;
  }

  #askMore(): void {
    while (this.#out < MAX_ASKED_AT_ONCE && this.#next < this.#open.length) {
      const entry = this.#open[this.#next] as Entry;
      this.#next++;
      this.#out++;
      void askService(entry.question).then((reply) => {
        this.#out--;
        entry.reply = reply;
        this.#deliverReplies();
      });
    }
  }

  #deliverReplies(): void {
    this.#askMore();
    if (this.#open[0]?.reply === undefined) return;
    this.#deliver?.(() => this.#take());
  }

  #take(): readonly ResponseCommand[] {
    const commands: ResponseCommand[] = [];
    for (let first = this.#open[0]; first?.reply !== undefined; first = this.#open[0]) {
      this.#open.shift();
      this.#next--;
      commands.push(...this.#settle(first.question, first.reply));
      if (commands.at(-1)?.type === 'cut') this.close();
    }
    return commands;
  }
}

/** Never rejects: no answer is a reply too. */
export async function askService({ detector, text }: Question): Promise<Reply> {
  try {
    return { matches: (await detector.inspectAnswer?.([text])) ?? [] };
  } catch (error) {
    return { error };
  }
}
