-- Conversations, and the runs in which they are answered.

create table conversations (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  title text not null default '',
  -- Who gave the title: a person's is never replaced.
  title_source text not null default 'none' check (title_source in ('none', 'message', 'model', 'person')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz,
  unique (user_id, id)
);
create index conversations_user_updated on conversations (user_id, updated_at desc, id desc);
select steward.tenant_table('conversations');

create table runs (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  conversation_id uuid,
  kind text not null check (kind in ('turn')),
  status text not null check (status in ('queued', 'running', 'completed', 'failed', 'cancelled')),
  request_id text not null,
  -- The message that the run answers, and the one that it writes.
  message_id uuid not null,
  answer_id uuid not null,
  -- How often a worker has begun or taken it over; only the newest attempt may write.
  attempts integer not null default 0,
  stop_requested_at timestamptz,
  error_code text,
  error_message text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (user_id, id),
  foreign key (user_id, conversation_id) references conversations (user_id, id) on delete cascade
);
create index runs_user_created on runs (user_id, created_at desc, id desc);
create index runs_user_conversation on runs (user_id, conversation_id);
-- One answer at a time in a conversation.
create unique index runs_active on runs (user_id, conversation_id) where status in ('queued', 'running');
select steward.tenant_table('runs');

create table messages (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  conversation_id uuid not null,
  run_id uuid,
  client_msg_id text,
  role text not null check (role in ('user', 'assistant')),
  -- As the AI SDK's UI messages have them: text, tool calls with input and output.
  parts jsonb not null,
  created_at timestamptz not null default now(),
  unique (user_id, id),
  foreign key (user_id, conversation_id) references conversations (user_id, id) on delete cascade,
  foreign key (user_id, run_id) references runs (user_id, id) on delete cascade
);
create index messages_user_conversation on messages (user_id, conversation_id, created_at, id);
create index messages_user_run on messages (user_id, run_id);
create unique index messages_client on messages (user_id, conversation_id, client_msg_id) where client_msg_id is not null;
select steward.tenant_table('messages');

-- What a run has done. A model's step is written when it is whole, together with the tool calls that it asked for;
-- each call is carried out once, by the key that its run and id make.
create table run_steps (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  run_id uuid not null,
  seq integer not null check (seq >= 0),
  kind text not null check (kind in ('model', 'tool')),
  status text not null check (status in ('pending', 'completed', 'failed')),
  tool_call_id text,
  tool_name text,
  input jsonb,
  output jsonb,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (user_id, run_id, seq),
  foreign key (user_id, run_id) references runs (user_id, id) on delete cascade
);
select steward.tenant_table('run_steps');

-- What a run at work has said so far, for those who listen in another process. Gone when the message is whole.
create unlogged table run_chunks (
  user_id uuid not null,
  run_id uuid not null,
  attempt integer not null,
  seq integer not null,
  chunks jsonb not null,
  primary key (user_id, run_id, attempt, seq)
);
select steward.tenant_table('run_chunks');
