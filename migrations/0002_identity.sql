-- Who may use this, and how they show that it is they.
--
-- The tables of signing in belong to steward_owner alone: they are read before it is known who asks, so no policy by
-- user could guard them. The application's role sees of all this its own row of users, and there only what it needs.

create table users (
  id uuid primary key,
  email text not null unique check (email = lower(email)),
  name text not null,
  email_verified boolean not null default false,
  image text,
  role text not null default 'user' check (role in ('admin', 'user')),
  timezone text not null default 'UTC',
  two_factor_enabled boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
alter table users enable row level security;
alter table users force row level security;
create policy tenant on users to steward_app
  using (id = (select steward.current_user_id())) with check (id = (select steward.current_user_id()));
create policy service on users to steward_owner
  using ((select coalesce(current_setting('app.service', true), '') <> ''))
  with check ((select coalesce(current_setting('app.service', true), '') <> ''));
grant select (id, email, name, role, timezone), update (name, timezone, updated_at) on users to steward_app;

create table auth_sessions (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  token text not null unique,
  expires_at timestamptz not null,
  ip_address text,
  user_agent text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index auth_sessions_user on auth_sessions (user_id);

-- How a user signs in: provider 'credential' holds the scrypt hash of a password.
create table auth_accounts (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  provider_id text not null,
  account_id text not null,
  password text,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (provider_id, account_id)
);
create index auth_accounts_user on auth_accounts (user_id);

-- What is half done, for minutes: challenges of a second factor and of passkeys, codes that were used. The id is
-- text: one that must be made once only is derived from what it stands for.
create table auth_verifications (
  id text primary key,
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index auth_verifications_identifier on auth_verifications (identifier);
create index auth_verifications_expires on auth_verifications (expires_at);

-- Attempts to sign in by address and path. Not logged to disk: after a crash everybody starts at zero.
create unlogged table auth_rate_limits (
  id uuid primary key,
  key text not null unique,
  count integer not null,
  -- Milliseconds since 1970. Not bigint, which the driver gives as text.
  last_request double precision not null
);

create table two_factors (
  id uuid primary key,
  user_id uuid not null unique references users (id) on delete cascade,
  -- Both encrypted.
  secret text not null,
  backup_codes text not null,
  -- False until a code has shown that the authenticator works.
  verified boolean not null default false,
  failed_verification_count integer not null default 0,
  locked_until timestamptz
);

create table passkeys (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  name text,
  public_key text not null,
  credential_id text not null unique,
  counter bigint not null,
  device_type text not null,
  backed_up boolean not null,
  transports text,
  aaguid text,
  created_at timestamptz default now()
);
create index passkeys_user on passkeys (user_id);

-- Links that work once: for the first account, for a guest, and back in for somebody who lost the way.
create table sign_in_links (
  token_hash text primary key,
  id uuid not null unique,
  kind text not null check (kind in ('setup', 'invite', 'sign_in')),
  user_id uuid references users (id) on delete cascade,
  email text check (email = lower(email)),
  role text not null default 'user' check (role in ('admin', 'user')),
  created_by uuid references users (id) on delete set null,
  created_at timestamptz not null default now(),
  -- Null: until it is used.
  expires_at timestamptz,
  used_at timestamptz,
  check ((kind = 'sign_in') = (user_id is not null))
);
create index sign_in_links_user on sign_in_links (user_id);
create index sign_in_links_created_by on sign_in_links (created_by);
create index sign_in_links_kind_created on sign_in_links (kind, created_at desc, id desc);

create table api_keys (
  key_hash text primary key,
  id uuid not null unique,
  user_id uuid not null references users (id) on delete cascade,
  profile_name text not null default 'personal' check (profile_name in ('personal', 'admin', 'cos_internal')),
  label text not null,
  allow_operator_llm boolean not null default false,
  last_used timestamptz,
  created_at timestamptz not null default now(),
  is_revoked boolean not null default false
);
create index api_keys_user_created on api_keys (user_id, created_at desc, id desc);

-- Every process remembers for a few seconds who a credential belongs to; this tells all of them to forget.
create function steward.notify_identity() returns trigger language plpgsql as $$
begin
  perform pg_notify('identity', '');
  return null;
end $$;
create trigger users_notify after delete or update of email, role, timezone on users
  for each statement execute function steward.notify_identity();
create trigger auth_sessions_notify after delete on auth_sessions
  for each statement execute function steward.notify_identity();
create trigger api_keys_notify after delete or update of is_revoked, profile_name, user_id on api_keys
  for each statement execute function steward.notify_identity();

-- Who turns the second factor off turns off what was built on it: devices that need no code.
create function steward.forget_trusted_devices() returns trigger language plpgsql as $$
begin
  delete from auth_verifications where value = old.user_id::text and identifier like 'trust-device-%';
  return null;
end $$;
create trigger two_factors_forget_devices after delete on two_factors
  for each row execute function steward.forget_trusted_devices();
