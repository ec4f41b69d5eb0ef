/**
 * Preloaded (`--import`) into an agent: its wall clock is off by as many milliseconds as the file that
 * POSTERN_TEST_CLOCK names says, and follows when the file changes. Uptime goes on as it does.
 */
import { readFileSync } from 'node:fs';

const file = process.env['POSTERN_TEST_CLOCK'];
const Real = Date;
const now = () => Real.now() + Number(file === undefined ? 0 : readFileSync(file, 'utf8'));

globalThis.Date = class extends Real {
  constructor(...words) {
    if (words.length === 0) super(now());
    else super(...words);
  }
  static now() {
    return now();
  }
};
