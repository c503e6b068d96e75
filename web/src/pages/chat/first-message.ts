/** What a conversation is to begin with, handed from the page that created it to the one that shows it. */
const waiting = new Map<string, string>();

export function leaveFirstMessage(conversationId: string, text: string): void {
  waiting.set(conversationId, text);
}

/** @returns the text, once */
export function takeFirstMessage(conversationId: string): string | undefined {
  const text = waiting.get(conversationId);
  waiting.delete(conversationId);
  return text;
}

export function hasFirstMessage(conversationId: string): boolean {
  return waiting.has(conversationId);
}
