import { describe, expect, it } from 'vitest';
import { createPiiDetector } from '../../../agent/src/guard/pii/detector.ts';

const detector = createPiiDetector('pii', { kinds: ['ip-address'] });
const found = (text: string) =>
  detector.scan(text).map(({ start, end, confidence }) => `${confidence} ${text.slice(start, end)}`);

describe('IP addresses', () => {
  it.each([
    ['client 93.184.216.34 connected', 'medium 93.184.216.34'],
    ['http://93.184.216.34:8080/x', 'medium 93.184.216.34'],
    ['"ip": "81.2.69.142"', 'medium 81.2.69.142'],
    ['seen: 193.184.216.34', 'low 193.184.216.34'],
    ['from 2a00:1450:4001:81b::200e', 'medium 2a00:1450:4001:81b::200e'],
    ['[2606:2800:220:1:248:1893:25c8:1946]:443', 'medium 2606:2800:220:1:248:1893:25c8:1946'],
  ])('%s', (text, expected) => {
    expect(found(text)).toEqual([expected]);
  });

  it.each([
    'ip 10.0.0.1 172.16.5.4 192.168.1.1 127.0.0.1 169.254.1.1 100.64.0.1',
    'ip 192.0.2.1 198.51.100.7 203.0.113.9 198.18.0.5',
    'ip 224.0.0.1 255.255.255.255 0.0.0.0',
    'ip 256.1.1.1 93.184.216 93.184.216.34.5 93.184.216.034',
    'version 93.184.216.34',
    'Chrome/121.0.0.0 v1.2.3.4 1.2.3.4',
    'net 93.184.216.0/24 and 93.184.216.34/24',
    'dns 8.8.8.8 1.1.1.1',
    'ip 2001:db8::1 fe80::1 ::1 fd00::1 2024:10:12',
    'ip 2001:4860:4860 2001:4860::1::2',
  ])('nothing in %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});
