-- What is kept beyond the moment: facts, summaries, and what was last on the table.

create table memories (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  content text not null,
  content_norm text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, content_norm)
);
create index memories_user_updated on memories (user_id, updated_at desc, id desc);
create index memories_words on memories using gin (to_tsvector('simple', content));
select steward.tenant_table('memories');

create table memory_summaries (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  chat_id text not null,
  session_id uuid,
  summary_type text not null check (summary_type in ('session', 'daily', 'weekly')),
  -- The first day that the summary is about, in the user's zone.
  period_start date not null,
  summary_text text not null,
  facts_json jsonb not null default '{}',
  source_event_ids jsonb not null default '[]',
  created_at timestamptz not null default now(),
  foreign key (user_id, session_id) references chat_sessions (user_id, id)
);
create index memory_summaries_user_chat on memory_summaries (user_id, chat_id, created_at desc, id desc);
create index memory_summaries_session on memory_summaries (user_id, session_id);
-- A job that is run again makes no second summary.
create unique index memory_summaries_once_session on memory_summaries (user_id, session_id) where summary_type = 'session';
create unique index memory_summaries_once_period on memory_summaries (user_id, summary_type, period_start)
  where summary_type <> 'session';
select steward.tenant_table('memory_summaries');

create table recent_context_items (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  chat_id text not null,
  entity_type text not null check (entity_type in ('task', 'goal', 'problem')),
  entity_id uuid not null,
  -- Its place among those that were surfaced together: "the second one".
  position integer not null,
  reason text,
  surfaced_at timestamptz not null default now(),
  expires_at timestamptz not null,
  unique (user_id, chat_id, entity_type, entity_id)
);
create index recent_context_items_user_chat on recent_context_items (user_id, chat_id, surfaced_at desc);
create index recent_context_items_expires on recent_context_items (expires_at);
select steward.tenant_table('recent_context_items');
