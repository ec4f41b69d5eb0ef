import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { buildPreviewInto } from '../../../tray-ui/build/build.ts';

it('ships the licence of each package that is in the window, and nothing of its sources', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-licences-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  await buildPreviewInto(folder);
  const text = readFileSync(path.join(folder, 'licences.txt'), 'utf8');
  for (const name of ['preact', '@preact/signals', 'uplot'])
    expect(text).toMatch(new RegExp(`^${name} [\\d.]+ \\(MIT\\)$`, 'm'));
  expect(text.match(/Permission is hereby granted/g)?.length).toBeGreaterThanOrEqual(3);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => /\.(map|tsx?)$/.test(file))).toEqual([]);
  const page = readFileSync(path.join(folder, 'index.html'), 'utf8');
  expect(page).toContain("script-src 'self'");
  expect(page).not.toMatch(/<style|style=|https?:\/\//);
  const script = files.find((file) => file.endsWith('.js'));
  expect(readFileSync(path.join(folder, script ?? ''), 'utf8')).not.toContain('@postern-licences@');
}, 60_000);
