/** The two containers of icons that the systems want, as bytes. */

export interface Pixels {
  readonly sizePx: number;
  /** Straight alpha, row by row from the top. */
  readonly rgba: Uint8Array;
  readonly png: Uint8Array;
}

const HEADER_BYTES = 6;
const ENTRY_BYTES = 16;
const BITMAP_HEADER_BYTES = 40;
/** From this size on, Windows wants PNG; below, its own bitmaps are what every part of it reads. */
const PNG_FROM_PX = 256;

/** https://learn.microsoft.com/previous-versions/ms997538(v=msdn.10) */
export function icoFile(images: readonly Pixels[]): Buffer {
  const head = Buffer.alloc(HEADER_BYTES + ENTRY_BYTES * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  const bodies = images.map((image) =>
    image.sizePx < PNG_FROM_PX ? bitmapOf(image) : Buffer.from(image.png),
  );
  let offset = head.length;
  for (const [index, { sizePx }] of images.entries()) {
    const at = HEADER_BYTES + ENTRY_BYTES * index;
    const body = bodies[index] ?? Buffer.alloc(0);
    // 0 stands for 256.
    head.writeUInt8(sizePx % 256, at);
    head.writeUInt8(sizePx % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(body.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += body.length;
  }
  return Buffer.concat([head, ...bodies]);
}

/** A bitmap without its file header: colours from the bottom up, then a mask of one bit for each pixel, all opaque. */
function bitmapOf({ sizePx, rgba }: Pixels): Buffer {
  const maskRowBytes = Math.ceil(sizePx / 32) * 4;
  const body = Buffer.alloc(BITMAP_HEADER_BYTES + sizePx * sizePx * 4 + maskRowBytes * sizePx);
  body.writeUInt32LE(BITMAP_HEADER_BYTES, 0);
  body.writeInt32LE(sizePx, 4);
  // Colours and mask are counted together.
  body.writeInt32LE(sizePx * 2, 8);
  body.writeUInt16LE(1, 12);
  body.writeUInt16LE(32, 14);
  body.writeUInt32LE(sizePx * sizePx * 4, 20);
  for (let y = 0; y < sizePx; y++)
    for (let x = 0; x < sizePx; x++) {
      const from = (y * sizePx + x) * 4;
      const to = BITMAP_HEADER_BYTES + ((sizePx - 1 - y) * sizePx + x) * 4;
      for (const [channel, source] of [2, 1, 0, 3].entries()) body[to + channel] = rgba[from + source] ?? 0;
    }
  return body;
}

/** Types of PNG entries, by size: https://en.wikipedia.org/wiki/Apple_Icon_Image_format */
const ICNS_TYPES: Readonly<Record<number, readonly string[]>> = {
  32: ['ic11'],
  64: ['ic12'],
  128: ['ic07'],
  256: ['ic08', 'ic13'],
  512: ['ic09', 'ic14'],
  1024: ['ic10'],
};
export const ICNS_SIZES_PX = Object.keys(ICNS_TYPES).map(Number);

export function icnsFile(images: readonly Pixels[]): Buffer {
  const entries = images.flatMap(({ sizePx, png }) =>
    (ICNS_TYPES[sizePx] ?? []).map((type) => {
      const head = Buffer.alloc(8);
      head.write(type, 'latin1');
      head.writeUInt32BE(png.length + 8, 4);
      return Buffer.concat([head, png]);
    }),
  );
  const body = Buffer.concat(entries);
  const head = Buffer.alloc(8);
  head.write('icns', 'latin1');
  head.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([head, body]);
}
