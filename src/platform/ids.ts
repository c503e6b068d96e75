import { v5, v7 } from 'uuid';

/** @returns a new UUIDv7: unique, and ordered by the millisecond in which it was made. */
export function newId(): string {
  return v7();
}

/** @returns the one id that `name` has within `owner`, itself an id: the same each time it is asked for (a UUIDv5). */
export function derivedId(owner: string, name: string): string {
  return v5(name, owner);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether `value` is a UUID in the lower-case form that this system writes. */
export function isId(value: string): boolean {
  return UUID.test(value);
}
