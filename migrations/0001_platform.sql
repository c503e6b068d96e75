-- The ground floor: how a table becomes a tenant's, what happened, and what was answered.
--
-- Two roles log in. steward_owner owns everything and runs migrations; FORCE ROW LEVEL SECURITY holds it to the
-- policies too, so that even it sees rows only inside a transaction that has named its reason. steward_app owns
-- nothing and sees only the rows of the user that the transaction names.

create schema steward;
grant usage on schema steward to steward_app;

-- The user of this transaction; null outside of one, so that nothing matches.
create function steward.current_user_id() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('app.user_id', true), '')::uuid;

-- Puts a table under the two policies and lets the application use it. Every migration that makes a tenant table
-- calls this; a test reads the catalogue and fails when one was forgotten.
create function steward.tenant_table(name regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', name);
  execute format('alter table %s force row level security', name);
  execute format(
    'create policy tenant on %s to steward_app using (user_id = (select steward.current_user_id())) with check (user_id = (select steward.current_user_id()))',
    name);
  execute format(
    'create policy service on %s to steward_owner using ((select coalesce(current_setting(''app.service'', true), '''') <> '''')) with check ((select coalesce(current_setting(''app.service'', true), '''') <> ''''))',
    name);
  execute format('grant select, insert, update, delete on %s to steward_app', name);
end $$;
revoke execute on function steward.tenant_table(regclass) from public;

create table event_log (
  id uuid primary key,
  user_id uuid not null,
  request_id text not null,
  actor_kind text not null check (actor_kind in ('user', 'key', 'agent', 'system')),
  actor_id text,
  event_type text not null,
  entity_type text,
  entity_id text,
  payload_json jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index event_log_user_created on event_log (user_id, created_at desc, id desc);
create index event_log_user_entity on event_log (user_id, entity_type, entity_id);
create index event_log_request on event_log (request_id);
select steward.tenant_table('event_log');
-- What happened cannot be unhappened by the application.
revoke update, delete on event_log from steward_app;

create table idempotency_keys (
  id uuid primary key,
  user_id uuid not null,
  idempotency_key text not null,
  request_hash text not null,
  -- Null while the request is still being worked on.
  response_status integer,
  response_body jsonb,
  -- Who works on it: the number of a session-level advisory lock, free once its process is gone.
  owner integer,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  unique (user_id, idempotency_key)
);
create index idempotency_keys_expires on idempotency_keys (expires_at);
select steward.tenant_table('idempotency_keys');

-- Calls a minute, by user and operation. Not logged to disk: after a crash everybody starts at zero.
create unlogged table rate_limits (
  user_id uuid not null,
  operation text not null,
  window_start timestamptz not null,
  calls integer not null,
  primary key (user_id, operation)
);
select steward.tenant_table('rate_limits');

-- Jobs that gave up. The payload is kept, so that a person can mend the cause and try again.
create table dead_jobs (
  id uuid primary key,
  user_id uuid not null,
  task text not null,
  payload jsonb not null,
  attempts integer not null,
  last_error text not null,
  failed_at timestamptz not null default now(),
  retried_at timestamptz
);
create index dead_jobs_user_failed on dead_jobs (user_id, failed_at desc, id desc);
select steward.tenant_table('dead_jobs');

-- Every process that works on jobs holds the advisory lock of its row's number for as long as it lives.
create sequence steward.worker_number as integer cycle;
create table workers (
  number integer primary key default nextval('steward.worker_number'),
  -- By this name graphile-worker marks the jobs that the process works on.
  pool_id text not null,
  started_at timestamptz not null default now()
);

-- The one way for the application to leave work for later: the job always carries the user of the transaction, so
-- that no payload can make a worker act for somebody else.
create function steward.add_job(task text, payload jsonb, run_at timestamptz, max_attempts integer, job_key text)
  returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if steward.current_user_id() is null
     and (session_user <> 'steward_owner' or coalesce(current_setting('app.service', true), '') = '') then
    raise exception 'add_job outside of a tenant transaction';
  end if;
  perform graphile_worker.add_job(
    identifier := task,
    payload := (payload || case when steward.current_user_id() is null then '{}'::jsonb
                           else jsonb_build_object('user_id', steward.current_user_id()) end)::json,
    run_at := run_at, max_attempts := max_attempts, 
    -- One user's key must not replace another's job.
    job_key := coalesce(steward.current_user_id()::text, payload ->> 'user_id', 'service') || ':' || job_key);
end $$;
revoke execute on function steward.add_job(text, jsonb, timestamptz, integer, text) from public;
grant execute on function steward.add_job(text, jsonb, timestamptz, integer, text) to steward_app;

-- Tells every process at commit that something happened, with just enough to decide who wants to know.
create function steward.notify_event() returns trigger language plpgsql as $$
begin
  perform pg_notify('events', json_build_object(
    'id', new.id, 'user_id', new.user_id, 'type', new.event_type, 'entity_type', new.entity_type,
    'entity_id', new.entity_id, 'created_at', to_char(new.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text);
  return null;
end $$;
create trigger event_log_notify after insert on event_log for each row execute function steward.notify_event();
