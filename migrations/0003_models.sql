-- The ledger of model calls, and what users have set.

create table llm_calls (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  request_id text not null,
  operation text not null,
  purpose text not null check (purpose in ('chat', 'extraction', 'query', 'summary', 'title', 'plan')),
  provider text not null,
  model text not null,
  prompt_version text not null,
  -- No foreign keys: what was spent stays on the books when a conversation is deleted.
  conversation_id uuid,
  run_id uuid,
  status text not null check (status in ('ok', 'failed', 'cancelled')),
  error_code text,
  attempts integer not null check (attempts >= 1),
  latency_ms integer not null check (latency_ms >= 0),
  input_tokens bigint check (input_tokens >= 0),
  cached_input_tokens bigint check (cached_input_tokens >= 0),
  cache_write_tokens bigint check (cache_write_tokens >= 0),
  output_tokens bigint check (output_tokens >= 0),
  reasoning_tokens bigint check (reasoning_tokens >= 0),
  -- Null is unknown, which is never the same as nothing.
  cost numeric(18, 9) check (cost >= 0),
  currency text not null default 'USD',
  price_date date,
  created_at timestamptz not null default now()
);
create index llm_calls_user_operation_created on llm_calls (user_id, operation, created_at desc);
create index llm_calls_user_created on llm_calls (user_id, created_at desc, id desc);
create index llm_calls_user_conversation on llm_calls (user_id, conversation_id) where conversation_id is not null;
create index llm_calls_user_run on llm_calls (user_id, run_id) where run_id is not null;
select steward.tenant_table('llm_calls');
-- A ledger is only added to.
revoke update, delete on llm_calls from steward_app;

create table settings (
  user_id uuid not null references users (id) on delete cascade,
  key text not null check (key ~ '^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$'),
  value jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (user_id, key)
);
select steward.tenant_table('settings');
