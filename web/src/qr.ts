/**
 * QR codes (ISO/IEC 18004), byte mode, error correction level M: text in, a square of dark and light out. Drawn here
 * because the text is a secret that must not leave the page for somebody's image service.
 */

/** Per version 1…20: error-correction codewords in a block, and blocks, both for level M. */
const EC_PER_BLOCK = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];

/** Level M, as the format information writes it. */
const LEVEL_BITS = 0;

type Grid = boolean[][];

/** @returns rows of modules, true for dark, without the quiet zone. @throws RangeError beyond 666 bytes of UTF-8 */
export function qr(text: string): Grid {
  const bytes = new TextEncoder().encode(text);
  const version = EC_PER_BLOCK.findIndex((_, index) => bytes.length + 3 <= dataCodewords(index + 1)) + 1;
  if (version === 0) throw new RangeError('too long for a QR code of this size');
  const codewords = withErrorCorrection(toCodewords(bytes, version), version);
  const size = version * 4 + 17;
  const dark = grid(size);
  /** Modules that belong to patterns, and carry no data. */
  const fixed = grid(size);
  drawPatterns(dark, fixed, version);
  drawData(dark, fixed, codewords);
  return bestMask(dark, fixed);
}

function grid(size: number): Grid {
  return Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
}

function rawModules(version: number): number {
  let count = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const align = Math.floor(version / 7) + 2;
    count -= (25 * align - 10) * align - 55;
    if (version >= 7) count -= 36;
  }
  return count;
}

function dataCodewords(version: number): number {
  return Math.floor(rawModules(version) / 8) - EC_PER_BLOCK[version - 1]! * BLOCKS[version - 1]!;
}

function toCodewords(bytes: Uint8Array, version: number): number[] {
  const bits: number[] = [];
  const push = (value: number, length: number) => {
    for (let bit = length - 1; bit >= 0; bit--) bits.push((value >>> bit) & 1);
  };
  push(0b0100, 4);
  push(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) push(byte, 8);
  const capacity = dataCodewords(version) * 8;
  push(0, Math.min(4, capacity - bits.length));
  push(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < capacity; pad ^= 0xec ^ 0x11) push(pad, 8);
  return Array.from({ length: bits.length / 8 }, (_, index) =>
    bits.slice(index * 8, index * 8 + 8).reduce((byte, bit) => (byte << 1) | bit, 0),
  );
}

/** Splits the data into blocks, gives each its Reed–Solomon remainder, and interleaves them. */
function withErrorCorrection(data: number[], version: number): number[] {
  const blocks = BLOCKS[version - 1]!;
  const ecLength = EC_PER_BLOCK[version - 1]!;
  const total = Math.floor(rawModules(version) / 8);
  const shortBlocks = blocks - (total % blocks);
  const shortLength = Math.floor(total / blocks) - ecLength;
  const generator = generatorPolynomial(ecLength);
  const parts: { data: number[]; ec: number[] }[] = [];
  let start = 0;
  for (let block = 0; block < blocks; block++) {
    const end = start + shortLength + (block < shortBlocks ? 0 : 1);
    const part = data.slice(start, end);
    parts.push({ data: part, ec: remainder(part, generator) });
    start = end;
  }
  const result: number[] = [];
  for (let index = 0; index <= shortLength; index++) {
    for (const part of parts) if (index < part.data.length) result.push(part.data[index]!);
  }
  for (let index = 0; index < ecLength; index++) for (const part of parts) result.push(part.ec[index]!);
  return result;
}

/** Product in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d);
    product ^= ((b >>> bit) & 1) * a;
  }
  return product;
}

function generatorPolynomial(degree: number): number[] {
  const result = new Array<number>(degree).fill(0);
  result[degree - 1] = 1;
  let root = 1;
  for (let round = 0; round < degree; round++) {
    for (let index = 0; index < degree; index++) {
      result[index] = multiply(result[index]!, root) ^ (result[index + 1] ?? 0);
    }
    root = multiply(root, 2);
  }
  return result;
}

function remainder(data: number[], generator: number[]): number[] {
  const result = new Array<number>(generator.length).fill(0);
  for (const byte of data) {
    const factor = byte ^ result.shift()!;
    result.push(0);
    generator.forEach((coefficient, index) => {
      result[index]! ^= multiply(coefficient, factor);
    });
  }
  return result;
}

function drawPatterns(dark: Grid, fixed: Grid, version: number): void {
  const size = dark.length;
  const set = (x: number, y: number, value: boolean) => {
    if (x < 0 || y < 0 || x >= size || y >= size) return;
    dark[y]![x] = value;
    fixed[y]![x] = true;
  };
  for (let index = 0; index < size; index++) {
    set(6, index, index % 2 === 0);
    set(index, 6, index % 2 === 0);
  }
  for (const [cx, cy] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const) {
    for (let dy = -4; dy <= 4; dy++) {
      for (let dx = -4; dx <= 4; dx++) {
        const ring = Math.max(Math.abs(dx), Math.abs(dy));
        set(cx + dx, cy + dy, ring !== 2 && ring !== 4);
      }
    }
  }
  const centres = alignment(version);
  const last = centres.length - 1;
  centres.forEach((cx, column) => {
    centres.forEach((cy, row) => {
      const isFinder =
        (column === 0 && row === 0) || (column === 0 && row === last) || (column === last && row === 0);
      if (isFinder) return;
      for (let dy = -2; dy <= 2; dy++) {
        for (let dx = -2; dx <= 2; dx++) set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
      }
    });
  });
  if (version >= 7) {
    let rest = version;
    for (let round = 0; round < 12; round++) rest = (rest << 1) ^ ((rest >>> 11) * 0x1f25);
    const bits = (version << 12) | rest;
    for (let index = 0; index < 18; index++) {
      const value = ((bits >>> index) & 1) === 1;
      const a = size - 11 + (index % 3);
      const b = Math.floor(index / 3);
      set(a, b, value);
      set(b, a, value);
    }
  }
  // Reserves the places of the format information; each mask writes its own.
  drawFormat(dark, 0);
  for (let index = 0; index < 9; index++) {
    fixed[8]![index] = true;
    fixed[index]![8] = true;
  }
  for (let index = 0; index < 8; index++) {
    fixed[8]![size - 1 - index] = true;
    fixed[size - 1 - index]![8] = true;
  }
}

/** Centres of the alignment patterns along one side. */
function alignment(version: number): number[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const size = version * 4 + 17;
  const step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  return [6, ...Array.from({ length: count - 1 }, (_, index) => size - 7 - (count - 2 - index) * step)];
}

function drawFormat(dark: Grid, mask: number): void {
  const size = dark.length;
  const data = (LEVEL_BITS << 3) | mask;
  let rest = data;
  for (let round = 0; round < 10; round++) rest = (rest << 1) ^ ((rest >>> 9) * 0x537);
  const bits = ((data << 10) | rest) ^ 0x5412;
  const bit = (index: number) => ((bits >>> index) & 1) === 1;
  for (let index = 0; index <= 5; index++) dark[index]![8] = bit(index);
  dark[7]![8] = bit(6);
  dark[8]![8] = bit(7);
  dark[8]![7] = bit(8);
  for (let index = 9; index < 15; index++) dark[8]![14 - index] = bit(index);
  for (let index = 0; index < 8; index++) dark[8]![size - 1 - index] = bit(index);
  for (let index = 8; index < 15; index++) dark[size - 15 + index]![8] = bit(index);
  dark[size - 8]![8] = true;
}

/** Two columns at a time from the right, up and down in turn, past the column of the timing pattern. */
function drawData(dark: Grid, fixed: Grid, codewords: number[]): void {
  const size = dark.length;
  let index = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      for (let side = 0; side < 2; side++) {
        const x = right - side;
        const y = ((right + 1) & 2) === 0 ? size - 1 - step : step;
        if (fixed[y]![x] || index >= codewords.length * 8) continue;
        dark[y]![x] = ((codewords[index >>> 3]! >>> (7 - (index & 7))) & 1) === 1;
        index += 1;
      }
    }
  }
}

const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** The mask that leaves the fewest patterns a scanner could trip over. */
function bestMask(dark: Grid, fixed: Grid): Grid {
  const masked = MASKS.map((mask, index) => {
    const result = dark.map((row, y) => row.map((module, x) => module !== (!fixed[y]![x] && mask(x, y))));
    drawFormat(result, index);
    return { result, penalty: penalty(result) };
  });
  return masked.reduce((best, one) => (one.penalty < best.penalty ? one : best)).result;
}

/** Runs of one colour, squares of one colour, and a balance away from half. */
function penalty(dark: Grid): number {
  const size = dark.length;
  let points = 0;
  let count = 0;
  for (let y = 0; y < size; y++) {
    for (const at of [(i: number) => dark[y]![i]!, (i: number) => dark[i]![y]!]) {
      let run = 1;
      for (let i = 1; i <= size; i++) {
        if (i < size && at(i) === at(i - 1)) run += 1;
        else {
          if (run >= 5) points += run - 2;
          run = 1;
        }
      }
    }
    for (let x = 0; x < size; x++) {
      const colour = dark[y]![x]!;
      if (colour) count += 1;
      if (
        y > 0 &&
        x > 0 &&
        colour === dark[y - 1]![x] &&
        colour === dark[y]![x - 1] &&
        colour === dark[y - 1]![x - 1]
      )
        points += 3;
    }
  }
  return points + Math.floor(Math.abs(count / (size * size) - 0.5) * 20) * 10;
}
