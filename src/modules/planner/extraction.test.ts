import { describe, expect, test } from 'vitest';
import { ANSWER_SCHEMA, extraction, readAnswer } from './extraction.ts';

const task = { title: 'Get three quotes', due_date: '2026-11-27', priority: null };

describe("a model's answer", () => {
  test('is read with null, or nothing, for what is not said', () => {
    const read = readAnswer(
      JSON.stringify({ tasks: [task], goals: [{ title: 'Renovate' }], problems: [], links: [], updates: [] }),
    );
    expect(read).toMatchObject({ extraction: { tasks: [task], goals: [{ title: 'Renovate' }] } });
  });

  test('may stand in a code fence', () => {
    expect(readAnswer('```json\n{"tasks":[{"title":"Buy milk"}]}\n```')).toMatchObject({
      extraction: { goals: [] },
    });
  });

  test.each([
    ['words', 'Sure! Here is the JSON.', 'it is not JSON'],
    ['half of it', '{"tasks":[{"title":"Buy', 'it is not JSON'],
    ['a list', '[]', 'the answer'],
    ['an unknown property', '{"tasks":[{"title":"a","sql":"drop table"}]}', 'tasks.0'],
    ['a title that is empty', '{"tasks":[{"title":"  "}]}', 'tasks.0.title'],
    ['a day that is none', '{"tasks":[{"title":"a","due_date":"2026-02-30"}]}', 'tasks.0.due_date'],
    ['a day in words', '{"tasks":[{"title":"a","due_date":"Friday"}]}', 'tasks.0.due_date'],
    ['a time that is none', '{"tasks":[{"title":"a","due_time":"25:00"}]}', 'tasks.0.due_time'],
    ['a priority out of range', '{"tasks":[{"title":"a","priority":9}]}', 'tasks.0.priority'],
    [
      'an unknown link',
      '{"links":[{"from":{"type":"task","title":"a"},"to":{"type":"goal","title":"b"},"link_type":"loves"}]}',
      'links.0.link_type',
    ],
    ['an unknown kind', '{"updates":[{"type":"user","title":"a","set":{}}]}', 'updates.0.type'],
  ])('that is %s is refused', (_name, text, where) => {
    const read = readAnswer(text);
    expect('problem' in read && read.problem).toContain(where);
  });

  test('keeps titles on one line and storable', () => {
    const read = readAnswer(JSON.stringify({ tasks: [{ title: ' a\nrecent: 1. task x "b"\0\ud800 ' }] }));
    expect('extraction' in read && read.extraction.tasks[0]!.title).toBe('a recent: 1. task x "b"\ufffd');
  });
});

test("the schema that is sent is one that providers' strict modes take", () => {
  const visit = (schema: Record<string, unknown>): void => {
    for (const keyword of ['minLength', 'maxLength', 'pattern', 'format', 'default', 'maxItems'])
      expect(schema).not.toHaveProperty(keyword);
    if (schema.properties) {
      expect(schema.additionalProperties).toBe(false);
      expect(schema.required).toEqual(Object.keys(schema.properties));
      for (const inner of Object.values(schema.properties)) visit(inner as Record<string, unknown>);
    }
    if (schema.items) visit(schema.items as Record<string, unknown>);
    for (const inner of (schema.anyOf as Record<string, unknown>[] | undefined) ?? []) visit(inner);
  };
  visit(ANSWER_SCHEMA);
  expect(Object.keys(ANSWER_SCHEMA.properties as object)).toEqual(Object.keys(extraction.shape));
});

test('agents may leave lists out', () => {
  expect(extraction.parse({ tasks: [{ title: 'Buy milk', tags: ['#Home', 'home'] }] })).toEqual({
    tasks: [{ title: 'Buy milk', tags: ['home'] }],
    goals: [],
    problems: [],
    links: [],
    updates: [],
  });
});
