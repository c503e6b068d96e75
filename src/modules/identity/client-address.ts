import type { Context } from 'hono';

/** Under this name better-auth is told who asks; what a client itself sends under it is overwritten. */
export const CLIENT_ADDRESS = 'x-steward-client-address';

/**
 * The peer of the connection. One on this machine may be a proxy, and is believed when it says for whom it asks: what
 * it appended itself comes last.
 */
export function clientAddress(c: Context): string {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket: { remoteAddress?: string } } };
  const peer = (incoming?.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '');
  if (peer !== '127.0.0.1' && peer !== '::1') return peer;
  return c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() || peer;
}
