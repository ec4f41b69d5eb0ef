import type { CliIo, Output } from './io.ts';
import { CommandFailure } from './ports.ts';

interface Terminal {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}

const MAX_CHARACTERS = 8192;
const [CTRL_C, CTRL_D, BACKSPACE, DELETE] = ['\u0003', '\u0004', '\b', '\u007f'];

/** One line from stdin, unseen where that is a terminal. Never an argument: those every user of the machine can read. */
export async function readSecret(io: CliIo, err: Output, question: string): Promise<string> {
  const terminal = io.stdin as Terminal;
  const hidden = terminal.isTTY === true && terminal.setRawMode !== undefined;
  if (hidden) {
    err.text(`${question} (it is not shown): `);
    terminal.setRawMode?.(true);
  }
  try {
    const line = await readLine(io.stdin);
    if (line.trim() === '') throw new CommandFailure('nothing-given', 2, 'Nothing was given.', EXAMPLE);
    return line.trim();
  } finally {
    if (hidden) {
      terminal.setRawMode?.(false);
      err.line();
    }
  }
}

const EXAMPLE = 'Type it in, or hand it over on stdin: pass show my-key | postern key add NAME';

async function readLine(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let line = '';
  for await (const chunk of stdin) {
    for (const character of decoder.decode(chunk, { stream: true })) {
      if (character === CTRL_C) throw new CommandFailure('given-up', 1, 'Given up.');
      if (character === '\n' || character === '\r' || character === CTRL_D) return line;
      if (character === BACKSPACE || character === DELETE) line = line.slice(0, -1);
      else line += character;
      if (line.length > MAX_CHARACTERS)
        throw new CommandFailure('too-long', 2, `That is longer than ${MAX_CHARACTERS} characters.`);
    }
  }
  return line;
}
