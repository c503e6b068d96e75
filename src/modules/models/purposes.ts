/** What a model is asked for. Each may have a model of its own; `small` ones get the provider's cheaper default. */
export const PURPOSES = {
  chat: { size: 'main', summary: 'conversation and its tools' },
  extraction: { size: 'main', summary: 'tasks, goals and problems out of a message' },
  query: { size: 'main', summary: 'answers about what is stored' },
  summary: { size: 'small', summary: 'summaries of sessions, days and weeks' },
  title: { size: 'small', summary: 'titles of conversations' },
  plan: { size: 'small', summary: 'the wording of the plan' },
} as const satisfies Record<string, { size: 'main' | 'small'; summary: string }>;

export type Purpose = keyof typeof PURPOSES;

export const purposes = Object.keys(PURPOSES) as [Purpose, ...Purpose[]];
