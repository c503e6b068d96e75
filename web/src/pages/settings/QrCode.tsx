import { useMemo } from 'react';
import { qr } from '../../qr.ts';

/** Modules of white that a scanner needs around the code. */
const QUIET = 4;

/** Black on white whatever the page's colours are: many scanners do not read an inverted code. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { path, size } = useMemo(() => {
    const modules = qr(text);
    let path = '';
    modules.forEach((row, y) => {
      row.forEach((dark, x) => {
        if (dark) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
      });
    });
    return { path, size: modules.length + 2 * QUIET };
  }, [text]);
  return (
    <svg
      viewBox={`0 0 ${size} ${size}`}
      width={208}
      height={208}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} rx={2} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
