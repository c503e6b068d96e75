import { useCallback, useLayoutEffect, useRef, useState } from 'react';

/** Pixels from the end within which one still counts as being there. */
const NEAR = 60;

/** Keeps the end of a growing conversation in sight, unless one has scrolled up to read. */
export function useStickToBottom(content: unknown) {
  const ref = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  const [isAtBottom, setAtBottom] = useState(true);
  const toBottom = useCallback(() => {
    stuck.current = true;
    ref.current?.scrollTo({ top: ref.current.scrollHeight });
  }, []);
  const onScroll = useCallback(() => {
    const box = ref.current;
    if (!box) return;
    stuck.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    setAtBottom(stuck.current);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever what is shown has changed
  useLayoutEffect(() => {
    if (stuck.current) toBottom();
  }, [content]);
  return { ref, isAtBottom, toBottom, onScroll };
}
