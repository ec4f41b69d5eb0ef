import { createInjectionDetector } from '../../../agent/src/guard/injection/detector.ts';
import type { Origin } from '../../../agent/src/guard/injection/family.ts';
import { HARMLESS, INJECTIONS } from '../../kit/injection-phrases.ts';
import type { Labelled } from './harness.ts';
import type { QualitySection } from './section.ts';

export const injectionQuality = (origin: Origin = 'conversation'): QualitySection => ({
  title: origin === 'content' ? 'Injection, in what tools bring home' : 'Injection',
  detector: createInjectionDetector('injection', origin),
  labelled: labelledInjections(origin),
});

/** A sample is found if anything in it is: an order often has several marks. */
function labelledInjections(origin: Origin): Labelled[] {
  const meant = INJECTIONS.filter(({ inContentOnly = false }) => origin === 'content' || !inContentOnly);
  const detector = createInjectionDetector('injection', origin);
  return [
    ...meant.map(({ kind, text }) => {
      const spans = detector.scan(text).map(({ start, end }) => ({ start, end }));
      return { text, category: kind, expected: spans.length > 0 ? spans : [{ start: 0, end: text.length }] };
    }),
    ...HARMLESS.map((text) => ({ text, expected: [], category: 'harmless' })),
  ];
}
