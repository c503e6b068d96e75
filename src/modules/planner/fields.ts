/** What the fields of tasks, goals and problems may hold, as every face and every model has to write it. */
import { z } from 'zod';

/** PostgreSQL's text holds no NUL, and its JSON no half of a surrogate pair. */
const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed();

/** One line: titles end up in lists and prompts, where a line break would begin something new. */
export const line = (max: number) =>
  z
    .string()
    .overwrite((text) => storable(text).replaceAll(/\s+/gu, ' ').trim())
    .min(1)
    .max(max);

/** Several lines. */
export const prose = (max: number) =>
  z
    .string()
    .overwrite((text) => storable(text).trim())
    .min(1)
    .max(max);

export const title = line(300);
export const priority = z.number().int().min(1).max(4).describe('1 urgent to 4 quick win');
export const impact = z.number().int().min(1).max(5);
export const severity = z.number().int().min(1).max(5);
/** YYYY-MM-DD, in years that PostgreSQL and people know. */
export const day = z.iso.date().refine((date) => date >= '1900-01-01', 'is before 1900');
export const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not HH:MM')
  .describe('HH:MM');
export const tags = z
  .array(
    z
      .string()
      .overwrite((tag) => storable(tag).replace(/^#/, '').trim().toLowerCase())
      .min(1)
      .max(50),
  )
  .max(20)
  .overwrite((list) => [...new Set(list)]);
export const notes = prose(10_000);
export const horizon = line(100);
/** What a list is searched for: words that titles and notes must hold. */
export const search = z.string().overwrite(storable).max(200).describe('Words to look for');
export const chatId = line(200);
export const source = line(50).describe('Such as web or telegram');
