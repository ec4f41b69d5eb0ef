/** Which rows of a long list are in the document, and where its keys lead. Pure. */

/** Rows beyond what is seen, so that a quick scroll doesn't show gaps. */
const AROUND = 8;

export function windowOf(view: {
  readonly top: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly size: number;
}): { readonly first: number; readonly last: number } {
  const { top, height, rowHeight, size } = view;
  if (rowHeight <= 0) return { first: 0, last: 0 };
  const first = Math.max(0, Math.floor(top / rowHeight) - AROUND);
  const last = Math.min(size, Math.ceil((top + height) / rowHeight) + AROUND);
  return { first: Math.min(first, last), last };
}

/** Undefined for keys that don't move. */
export function keyTarget(key: string, at: number, pageRows: number, size: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + Math.max(1, pageRows),
    PageUp: at - Math.max(1, pageRows),
    Home: 0,
    End: size - 1,
  };
  const target = steps[key];
  return target === undefined || size === 0 ? undefined : Math.max(0, Math.min(size - 1, target));
}
