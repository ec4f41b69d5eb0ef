import { expect, it } from 'vitest';
import { createMarkingDetector } from '../../../agent/src/guard/code/markings.ts';
import { createRandom } from '../../kit/random-text.ts';
import { expectSameInPieces, jumble } from '../../kit/streamed.ts';

const detector = createMarkingDetector('code', {
  markings: ['falcon crew only'],
  owners: ['Acme'],
  licences: ['GPL-*', 'LicenseRef-Acme*'],
});

it.each([
  ['/* Proprietary and confidential. */', 'confidential-marking', 'high'],
  ['PROPRIETARY\n  AND CONFIDENTIAL', 'confidential-marking', 'high'],
  ['# For internal use only', 'confidential-marking', 'medium'],
  ['Streng vertraulich!', 'confidential-marking', 'high'],
  ['Falcon Crew Only', 'confidential-marking', 'high'],
  ['// Copyright (c) 2024 Acme Inc. All rights reserved.', 'confidential-marking', 'high'],
  ['/* Copyright 2021-2024 Acme Inc.\n * All rights reserved. */', 'confidential-marking', 'high'],
  ['# Copyright © 2024 Globex\n# All Rights Reserved', 'licence-header', 'medium'],
  ['// SPDX-License-Identifier: GPL-3.0-only', 'licence-header', 'high'],
  ['SPDX-License-Identifier: (MIT OR GPL-2.0-or-later)', 'licence-header', 'high'],
  ['SPDX-License-Identifier: LicenseRef-Acme-Internal\n', 'licence-header', 'high'],
])('%j is a %s', (text, kind, confidence) => {
  expect(detector.scan(text)[0]).toMatchObject({ kind, confidence });
});

it.each([
  'This is confidential, please.',
  'SPDX-License-Identifier: MIT',
  'Copyright 2024 Acme Inc.',
  'All rights are reserved to the winner.',
  'internal uses only a map',
])('%j is no marking', (text) => {
  expect(detector.scan(text)).toEqual([]);
});

it('finds the same however the text is cut', () => {
  const random = createRandom(3);
  const pieces = [
    'Copyright (c) 2024 ',
    'Acme',
    ' Inc.',
    'All rights reserved',
    '\n * ',
    '\n',
    'SPDX-License-Identifier: ',
  ];
  const more = ['GPL-3.0', 'MIT', ' OR ', 'internal use', ' only', 'proprietary and', ' confidential', ' '];
  for (let i = 0; i < 60; i++)
    expectSameInPieces(detector, jumble([...pieces, ...more], 20, random), random, 3);
});

it.each([
  ['streng vertraulich', true],
  ['STRENG\u200b VERTRAULICH', true],
  ['top   secret', true],
  ['a secret at the top', false],
  ['Commercial-In-Confidence', true],
  ['社外秘', true],
  ['ＴＯＰ secret', false],
])('%j: what is looked at first loses nothing', (text, marked) => {
  const found = detector.scan(`An ordinary line.\n${text}\n`).length > 0;
  expect(found).toBe(marked);
  const stream = detector.openStream();
  const { matches } = stream.push(`An ordinary line.\n${text}\n`);
  expect([...matches, ...stream.end().matches].length > 0).toBe(marked);
});
