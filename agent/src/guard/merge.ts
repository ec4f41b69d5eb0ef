import type { Detector, Match, StreamScanner } from '../core/finding.ts';

/** Several detectors as one: their matches together, text released when all have done with it. */
export function mergeDetectors(id: string, parts: readonly Detector[]): Detector {
  return {
    id,
    scan: (text) => byStart(parts.flatMap((part) => part.scan(text))),
    openStream: () => mergeStreams(parts.map((part) => part.openStream())),
  };
}

function mergeStreams(streams: readonly StreamScanner[]): StreamScanner {
  const all = (scan: (stream: StreamScanner) => ReturnType<StreamScanner['push']>) => {
    const scans = streams.map(scan);
    return {
      matches: byStart(scans.flatMap(({ matches }) => matches)),
      safeUpTo: Math.min(...scans.map(({ safeUpTo }) => safeUpTo)),
    };
  };
  return { push: (delta) => all((stream) => stream.push(delta)), end: () => all((stream) => stream.end()) };
}

const byStart = (matches: Match[]): Match[] => matches.sort((a, b) => a.start - b.start || a.end - b.end);
