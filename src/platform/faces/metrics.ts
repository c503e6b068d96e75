import { sql } from 'drizzle-orm';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Database } from '../database/index.ts';

/** What Prometheus reads at /metrics. Routes are labelled by their pattern, so that no id becomes a label. */
const metrics = new Registry();

const requests = new Histogram({
  name: 'steward_http_request_duration_seconds',
  help: 'Time to answer a request, by route and status',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
  registers: [metrics],
});
const failures = new Counter({
  name: 'steward_http_server_errors_total',
  help: 'Answers with a status of 500 and above',
  registers: [metrics],
});
const jobs = new Gauge({
  name: 'steward_jobs',
  help: 'Jobs by state',
  labelNames: ['state'],
  registers: [metrics],
});

/** @param ms how long it took, in milliseconds */
export function recordRequest(method: string, route: string, status: number, ms: number): void {
  requests.observe({ method, route, status: String(status) }, ms / 1000);
  if (status >= 500) failures.inc();
}

let collecting = false;

export async function metricsText(db: Database): Promise<{ type: string; body: string }> {
  if (!collecting) {
    collectDefaultMetrics({ register: metrics });
    collecting = true;
  }
  const { rows } = await db.asService('metrics', (tx) =>
    tx.execute<{ waiting: number; working: number; dead: number }>(sql`
      select count(*) filter (where locked_at is null)::int as waiting,
             count(*) filter (where locked_at is not null)::int as working,
             (select count(*)::int from dead_jobs where retried_at is null) as dead
      from graphile_worker.jobs`),
  );
  for (const [state, count] of Object.entries(rows[0]!)) jobs.set({ state }, count);
  return { type: metrics.contentType, body: await metrics.metrics() };
}
