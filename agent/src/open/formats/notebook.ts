import { OpenError } from '../limits.ts';

/** Deeper notebooks aren't real. */
const MAX_DEPTH = 64;

/** The words of a Jupyter notebook: every string in it, lists of lines joined. Pictures among the outputs are base64. */
export function notebookText(source: string): string {
  let notebook: unknown;
  try {
    notebook = JSON.parse(source);
  } catch (cause) {
    throw new OpenError('unreadable-attachment', 'is a damaged notebook', { cause });
  }
  const out: string[] = [];
  collect(notebook, 0, out);
  return out.join('\n');
}

function collect(value: unknown, depth: number, out: string[]): void {
  if (typeof value === 'string') {
    out.push(value);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw new OpenError('unreadable-attachment', 'is nested too deeply');
  // `source` and `text` may be lists of lines, each with its line end (nbformat 4, "multiline strings").
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    out.push(value.join(''));
    return;
  }
  for (const inner of Object.values(value)) collect(inner, depth + 1, out);
}
