import { useEffect, useRef } from 'preact/hooks';
import { useServices } from '../context.ts';

/** The page's heading. Takes the focus when its page is opened, so that the keyboard goes on from here. */
export function PageTitle({ text }: { readonly text: string }) {
  const { router } = useServices();
  const heading = useRef<HTMLHeadingElement>(null);
  const { page } = router.address.value;
  useEffect(() => {
    // At the start nobody has asked for anything yet: the focus stays at the top.
    if (document.body.dataset['started'] === page) return;
    if (document.body.dataset['started'] !== undefined) {
      heading.current?.focus({ preventScroll: true });
      // A page begins at its top, however far down the one before was; in a narrow window the document scrolls.
      document.getElementById('main')?.scrollTo(0, 0);
      scrollTo(0, 0);
    }
    document.body.dataset['started'] = page;
  }, [page]);
  return (
    <h1 ref={heading} tabIndex={-1} class="page-title">
      {text}
    </h1>
  );
}
