/** The embedded database and an HTTP server that says so, and nothing else. Argument: the home. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startEmbedded } from '../src/platform/database/embedded.ts';

const database = await startEmbedded({ home: process.argv[2]!, takeOver: true });
const server = createServer((_, response) => response.end('ok'));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.once('SIGTERM', () => void database.stop().then(() => process.exit(0)));
