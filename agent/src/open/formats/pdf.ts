import { type Budget, OpenError } from '../limits.ts';

/** pdf.js names the failure in the error's class. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

/** The text of a PDF, page by page, with form values, links and remarks. pdf.js (2 MB) is loaded when the first one comes. */
export async function pdfText(bytes: Uint8Array, budget: Budget): Promise<string> {
  const { getDocumentProxy } = await import('unpdf');
  let pdf: Awaited<ReturnType<typeof getDocumentProxy>>;
  try {
    // pdf.js detaches the buffer that it is given.
    pdf = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0, stopAtErrors: true });
  } catch (cause) {
    if (nameOf(cause) === 'PasswordException')
      throw new OpenError('encrypted-archive', 'is encrypted', { cause });
    throw new OpenError('unreadable-attachment', 'is a damaged PDF', { cause });
  }
  try {
    const pages: string[] = [];
    for (let number = 1; number <= pdf.numPages; number++) {
      const page = await pdf.getPage(number);
      const { items } = await page.getTextContent();
      const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
      pages.push(budget.read(text), ...(await annotationTexts(page)));
      page.cleanup();
    }
    pages.push(...(await propertyTexts(pdf)));
    return pages.join('\n');
  } catch (cause) {
    if (cause instanceof OpenError) throw cause;
    throw new OpenError('unreadable-attachment', 'is a damaged PDF', { cause });
  } finally {
    await pdf.loadingTask.destroy();
  }
}

async function annotationTexts(page: { getAnnotations(): Promise<unknown[]> }): Promise<string[]> {
  const texts: string[] = [];
  for (const annotation of await page.getAnnotations()) {
    const { contentsObj, fieldValue, url } = annotation as {
      contentsObj?: { str?: unknown };
      fieldValue?: unknown;
      url?: unknown;
    };
    for (const value of [contentsObj?.str, fieldValue, url])
      if (typeof value === 'string' && value !== '') texts.push(value);
  }
  return texts;
}

async function propertyTexts(pdf: { getMetadata(): Promise<{ info: object }> }): Promise<string[]> {
  const { info } = await pdf.getMetadata();
  return Object.values(info).filter((value): value is string => typeof value === 'string');
}
