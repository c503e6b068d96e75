/** The mark: a bell on a desk, waiting. */
export function Mark({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="#2f7059" />
      <path d="M9 18.5a7 7 0 0 1 14 0z" fill="#eef7f3" />
      <rect x="7.5" y="20.2" width="17" height="2.3" rx="1.15" fill="#eef7f3" />
      <circle cx="16" cy="9.9" r="1.5" fill="#eef7f3" />
    </svg>
  );
}
