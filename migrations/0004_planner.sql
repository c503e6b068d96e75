-- What a person has to do, wants and struggles with, how these hang together, and what was said.

create table chat_sessions (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  chat_id text not null,
  started_at timestamptz not null,
  last_activity_at timestamptz not null,
  ended_at timestamptz,
  unique (user_id, id),
  unique (user_id, chat_id, started_at)
);
create index chat_sessions_user_chat on chat_sessions (user_id, chat_id, last_activity_at desc);
-- A chat has one session at a time.
create unique index chat_sessions_open on chat_sessions (user_id, chat_id) where ended_at is null;
-- For the sweep that ends idle sessions of all users.
create index chat_sessions_idle on chat_sessions (last_activity_at) where ended_at is null;
select steward.tenant_table('chat_sessions');

create table inbox_items (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  chat_id text not null,
  session_id uuid not null,
  source text not null,
  client_msg_id text,
  message_raw text not null,
  message_norm text not null,
  received_at timestamptz not null,
  request_id text not null,
  status text not null default 'received' check (status in ('received', 'applied', 'no_change', 'failed', 'dismissed')),
  error_code text,
  error_message text,
  -- The first answer, given again to whoever sends the message again.
  result jsonb,
  -- While it is received: the presence number of the process that works on it, as in idempotency_keys.
  owner integer,
  unique (user_id, id),
  foreign key (user_id, session_id) references chat_sessions (user_id, id)
);
create unique index inbox_items_client_msg on inbox_items (user_id, source, chat_id, client_msg_id) where client_msg_id is not null;
create index inbox_items_user_received on inbox_items (user_id, received_at desc);
create index inbox_items_user_chat on inbox_items (user_id, chat_id, received_at desc);
create index inbox_items_user_session on inbox_items (user_id, session_id);
-- For the sweep that takes up what a process left unfinished when it died.
create index inbox_items_unfinished on inbox_items (received_at) where status = 'received';
select steward.tenant_table('inbox_items');

-- Everything that a link may join, by user and kind: what links refer to, so that a link to nothing, to the wrong
-- kind or to another user's is impossible. Kept by triggers alone; see docs/decisions/0010-links-refer-to-a-registry.md.
create table entities (
  user_id uuid not null references users (id) on delete cascade,
  entity_type text not null check (entity_type in ('task', 'goal', 'problem')),
  id uuid not null,
  primary key (user_id, entity_type, id)
);
select steward.tenant_table('entities');
revoke insert, update, delete on entities from steward_app;

create function steward.register_entities() returns trigger language plpgsql
  security definer set search_path = public, pg_temp as $$
declare reason text := coalesce(current_setting('app.service', true), '');
begin
  perform set_config('app.service', 'registry of entities', true);
  insert into entities (user_id, entity_type, id) select user_id, tg_argv[0], id from added;
  perform set_config('app.service', reason, true);
  return null;
end $$;

create function steward.unregister_entities() returns trigger language plpgsql
  security definer set search_path = public, pg_temp as $$
declare reason text := coalesce(current_setting('app.service', true), '');
begin
  perform set_config('app.service', 'registry of entities', true);
  delete from entities e using removed r where e.user_id = r.user_id and e.entity_type = tg_argv[0] and e.id = r.id;
  perform set_config('app.service', reason, true);
  return null;
end $$;

create table goals (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  title text not null,
  title_norm text not null,
  description text,
  status text not null default 'active' check (status in ('active', 'paused', 'done', 'archived')),
  horizon text,
  target_date date,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz,
  unique (user_id, id)
);
create index goals_user_status on goals (user_id, status);
create index goals_user_title on goals (user_id, title_norm);
create index goals_user_updated on goals (user_id, updated_at desc);
select steward.tenant_table('goals');

create table problems (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  title text not null,
  title_norm text not null,
  description text,
  status text not null default 'active' check (status in ('active', 'monitoring', 'resolved', 'archived')),
  severity smallint check (severity between 1 and 5),
  horizon text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz,
  unique (user_id, id)
);
create index problems_user_status on problems (user_id, status);
create index problems_user_title on problems (user_id, title_norm);
create index problems_user_updated on problems (user_id, updated_at desc);
select steward.tenant_table('problems');

create table tasks (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  title text not null,
  title_norm text not null,
  notes text,
  status text not null default 'open' check (status in ('open', 'blocked', 'done', 'archived')),
  -- 1 is the most urgent, 4 a quick win.
  priority smallint check (priority between 1 and 4),
  impact_score smallint check (impact_score between 1 and 5),
  due_date date,
  -- In the user's zone; means nothing without a date.
  due_time time(0),
  tags text[] not null default '{}',
  -- Not in the plan before this day.
  snoozed_until date,
  -- What it was captured from; compaction leaves those rows, and this makes sure of it.
  source_inbox_item_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  completed_at timestamptz,
  archived_at timestamptz,
  unique (user_id, id),
  foreign key (user_id, source_inbox_item_id) references inbox_items (user_id, id)
);
create index tasks_user_status_due on tasks (user_id, status, due_date);
create index tasks_user_title on tasks (user_id, title_norm);
create index tasks_user_updated on tasks (user_id, updated_at desc);
create index tasks_user_source on tasks (user_id, source_inbox_item_id) where source_inbox_item_id is not null;
select steward.tenant_table('tasks');

create trigger tasks_register after insert on tasks referencing new table as added
  for each statement execute function steward.register_entities('task');
create trigger tasks_unregister after delete on tasks referencing old table as removed
  for each statement execute function steward.unregister_entities('task');
create trigger goals_register after insert on goals referencing new table as added
  for each statement execute function steward.register_entities('goal');
create trigger goals_unregister after delete on goals referencing old table as removed
  for each statement execute function steward.unregister_entities('goal');
create trigger problems_register after insert on problems referencing new table as added
  for each statement execute function steward.register_entities('problem');
create trigger problems_unregister after delete on problems referencing old table as removed
  for each statement execute function steward.unregister_entities('problem');

create table entity_links (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  from_entity_type text not null,
  from_entity_id uuid not null,
  to_entity_type text not null,
  to_entity_id uuid not null,
  link_type text not null check (link_type in ('depends_on', 'blocks', 'supports_goal', 'related', 'addresses_problem')),
  created_at timestamptz not null default now(),
  unique (user_id, from_entity_type, from_entity_id, to_entity_type, to_entity_id, link_type),
  unique (user_id, id),
  check (from_entity_id <> to_entity_id),
  foreign key (user_id, from_entity_type, from_entity_id) references entities (user_id, entity_type, id) on delete cascade,
  foreign key (user_id, to_entity_type, to_entity_id) references entities (user_id, entity_type, id) on delete cascade
);
create index entity_links_user_to on entity_links (user_id, to_entity_type, to_entity_id);
select steward.tenant_table('entity_links');
