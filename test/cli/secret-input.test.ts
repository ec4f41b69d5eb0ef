import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type CliIo, Output } from '../../agent/src/cli/io.ts';
import { readSecret } from '../../agent/src/cli/secret-input.ts';

/** A terminal or a pipe, with what is typed into it. */
function input(chunks: readonly string[], isTerminal: boolean) {
  const stdin = Object.assign(new PassThrough(), {
    isTTY: isTerminal,
    modes: [] as boolean[],
    setRawMode(raw: boolean) {
      stdin.modes.push(raw);
    },
  });
  for (const chunk of chunks) stdin.write(chunk);
  stdin.end();
  const stderr = new PassThrough();
  const shown: string[] = [];
  stderr.on('data', (chunk: Buffer) => shown.push(chunk.toString()));
  const read = () => readSecret({ stdin } as unknown as CliIo, new Output(stderr), 'The key');
  return { read, stdin, shown };
}

describe('piped in', () => {
  it.each([
    [['sk-1\n'], 'sk-1'],
    [['sk', '-2'], 'sk-2'],
    [['sk-3\r\nmore\n'], 'sk-3'],
    [['  sk-4  '], 'sk-4'],
  ])('%j is %s', async (chunks, secret) => {
    const { read, shown, stdin } = input(chunks, false);
    expect(await read()).toBe(secret);
    expect(shown).toEqual([]);
    expect(stdin.modes).toEqual([]);
  });

  it.each([[['']], [['\n']], [['   \n']]])('%j is nothing', async (chunks) => {
    await expect(input(chunks, false).read()).rejects.toMatchObject({ code: 'nothing-given', exitCode: 2 });
  });

  it('has an end', async () => {
    await expect(input(['x'.repeat(9000)], false).read()).rejects.toMatchObject({ code: 'too-long' });
  });
});

describe('typed', () => {
  it('is not shown, can be corrected, and the terminal is given back', async () => {
    const { read, shown, stdin } = input(['sk-x', '\u007f', '5\r'], true);
    expect(await read()).toBe('sk-5');
    expect(shown.join('')).toBe('The key (it is not shown): \n');
    expect(stdin.modes).toEqual([true, false]);
  });

  it('Ctrl-C gives up, and the terminal is given back', async () => {
    const { read, stdin } = input(['sk-\u0003'], true);
    await expect(read()).rejects.toMatchObject({ code: 'given-up', exitCode: 1 });
    expect(stdin.modes).toEqual([true, false]);
  });
});
