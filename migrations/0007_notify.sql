-- Ways to reach a user outside of the page, and what came in by them.

-- A chat is looked up before it is known whose it is, so one chat has one user, whatever the tenant.
create table channel_links (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  channel text not null check (channel = 'telegram'),
  external_id text not null,
  created_at timestamptz not null default now(),
  unique (channel, external_id)
);
create index channel_links_user on channel_links (user_id, id desc);
select steward.tenant_table('channel_links');

create table channel_link_codes (
  code_hash text primary key,
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index channel_link_codes_user on channel_link_codes (user_id, created_at);
create index channel_link_codes_expires on channel_link_codes (expires_at);
select steward.tenant_table('channel_link_codes');

-- One row for each message that came in: what was answered, and whether that was sent.
create table channel_updates (
  id uuid primary key,
  -- Null for a chat that nobody has linked; such rows are seen by no user.
  user_id uuid references users (id) on delete cascade,
  channel text not null check (channel = 'telegram'),
  external_id text not null,
  chat_id text not null,
  -- Null until the message has been worked on; empty when there is nothing to say.
  reply text,
  -- What the reply numbers, in order, for "/done 2".
  shown jsonb,
  -- Set before the reply is given to the channel, and taken back when it is refused.
  sending_at timestamptz,
  sent_at timestamptz,
  created_at timestamptz not null default now(),
  unique (channel, external_id)
);
create index channel_updates_user_chat on channel_updates (user_id, chat_id, id desc);
create index channel_updates_created on channel_updates (created_at);
select steward.tenant_table('channel_updates');
