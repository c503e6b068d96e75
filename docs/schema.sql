create table api_keys
  key_hash text not null
  id uuid not null
  user_id uuid not null
  profile_name text not null default 'personal'::text
  label text not null
  allow_operator_llm boolean not null default false
  last_used timestamp with time zone
  created_at timestamp with time zone not null default now()
  is_revoked boolean not null default false
  CHECK ((profile_name = ANY (ARRAY['personal'::text, 'admin'::text, 'cos_internal'::text])))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (key_hash)
  UNIQUE (id)
  CREATE INDEX api_keys_user_created ON public.api_keys USING btree (user_id, created_at DESC, id DESC)
  CREATE TRIGGER api_keys_notify AFTER DELETE OR UPDATE OF is_revoked, profile_name, user_id ON public.api_keys FOR EACH STATEMENT EXECUTE FUNCTION steward.notify_identity()

create table auth_accounts
  id uuid not null
  user_id uuid not null
  provider_id text not null
  account_id text not null
  password text
  access_token text
  refresh_token text
  id_token text
  access_token_expires_at timestamp with time zone
  refresh_token_expires_at timestamp with time zone
  scope text
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (provider_id, account_id)
  CREATE INDEX auth_accounts_user ON public.auth_accounts USING btree (user_id)

create unlogged table auth_rate_limits
  id uuid not null
  key text not null
  count integer not null
  last_request double precision not null
  PRIMARY KEY (id)
  UNIQUE (key)

create table auth_sessions
  id uuid not null
  user_id uuid not null
  token text not null
  expires_at timestamp with time zone not null
  ip_address text
  user_agent text
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (token)
  CREATE INDEX auth_sessions_user ON public.auth_sessions USING btree (user_id)
  CREATE TRIGGER auth_sessions_notify AFTER DELETE ON public.auth_sessions FOR EACH STATEMENT EXECUTE FUNCTION steward.notify_identity()

create table auth_verifications
  id text not null
  identifier text not null
  value text not null
  expires_at timestamp with time zone not null
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  PRIMARY KEY (id)
  CREATE INDEX auth_verifications_expires ON public.auth_verifications USING btree (expires_at)
  CREATE INDEX auth_verifications_identifier ON public.auth_verifications USING btree (identifier)

create table channel_link_codes
  code_hash text not null
  user_id uuid not null
  created_at timestamp with time zone not null default now()
  expires_at timestamp with time zone not null
  used_at timestamp with time zone
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (code_hash)
  CREATE INDEX channel_link_codes_expires ON public.channel_link_codes USING btree (expires_at)
  CREATE INDEX channel_link_codes_user ON public.channel_link_codes USING btree (user_id, created_at)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table channel_links
  id uuid not null
  user_id uuid not null
  channel text not null
  external_id text not null
  created_at timestamp with time zone not null default now()
  CHECK ((channel = 'telegram'::text))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (channel, external_id)
  CREATE INDEX channel_links_user ON public.channel_links USING btree (user_id, id DESC)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table channel_updates
  id uuid not null
  user_id uuid
  channel text not null
  external_id text not null
  chat_id text not null
  reply text
  shown jsonb
  sending_at timestamp with time zone
  sent_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  CHECK ((channel = 'telegram'::text))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (channel, external_id)
  CREATE INDEX channel_updates_created ON public.channel_updates USING btree (created_at)
  CREATE INDEX channel_updates_user_chat ON public.channel_updates USING btree (user_id, chat_id, id DESC)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table chat_sessions
  id uuid not null
  user_id uuid not null
  chat_id text not null
  started_at timestamp with time zone not null
  last_activity_at timestamp with time zone not null
  ended_at timestamp with time zone
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (user_id, chat_id, started_at)
  UNIQUE (user_id, id)
  CREATE INDEX chat_sessions_idle ON public.chat_sessions USING btree (last_activity_at) WHERE (ended_at IS NULL)
  CREATE UNIQUE INDEX chat_sessions_open ON public.chat_sessions USING btree (user_id, chat_id) WHERE (ended_at IS NULL)
  CREATE INDEX chat_sessions_user_chat ON public.chat_sessions USING btree (user_id, chat_id, last_activity_at DESC)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table conversations
  id uuid not null
  user_id uuid not null
  title text not null default ''::text
  title_source text not null default 'none'::text
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  archived_at timestamp with time zone
  CHECK ((title_source = ANY (ARRAY['none'::text, 'message'::text, 'model'::text, 'person'::text])))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (user_id, id)
  CREATE INDEX conversations_user_updated ON public.conversations USING btree (user_id, updated_at DESC, id DESC)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table dead_jobs
  id uuid not null
  user_id uuid not null
  task text not null
  payload jsonb not null
  attempts integer not null
  last_error text not null
  failed_at timestamp with time zone not null default now()
  retried_at timestamp with time zone
  PRIMARY KEY (id)
  CREATE INDEX dead_jobs_user_failed ON public.dead_jobs USING btree (user_id, failed_at DESC, id DESC)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table entities
  user_id uuid not null
  entity_type text not null
  id uuid not null
  CHECK ((entity_type = ANY (ARRAY['task'::text, 'goal'::text, 'problem'::text])))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (user_id, entity_type, id)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may select

create table entity_links
  id uuid not null
  user_id uuid not null
  from_entity_type text not null
  from_entity_id uuid not null
  to_entity_type text not null
  to_entity_id uuid not null
  link_type text not null
  created_at timestamp with time zone not null default now()
  CHECK ((from_entity_id <> to_entity_id))
  CHECK ((link_type = ANY (ARRAY['depends_on'::text, 'blocks'::text, 'supports_goal'::text, 'related'::text, 'addresses_problem'::text])))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  FOREIGN KEY (user_id, from_entity_type, from_entity_id) REFERENCES entities(user_id, entity_type, id) ON DELETE CASCADE
  FOREIGN KEY (user_id, to_entity_type, to_entity_id) REFERENCES entities(user_id, entity_type, id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (user_id, from_entity_type, from_entity_id, to_entity_type, to_entity_id, link_type)
  UNIQUE (user_id, id)
  CREATE INDEX entity_links_user_to ON public.entity_links USING btree (user_id, to_entity_type, to_entity_id)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table event_log
  id uuid not null
  user_id uuid not null
  request_id text not null
  actor_kind text not null
  actor_id text
  event_type text not null
  entity_type text
  entity_id text
  payload_json jsonb not null default '{}'::jsonb
  created_at timestamp with time zone not null default now()
  CHECK ((actor_kind = ANY (ARRAY['user'::text, 'key'::text, 'agent'::text, 'system'::text])))
  PRIMARY KEY (id)
  CREATE INDEX event_log_request ON public.event_log USING btree (request_id)
  CREATE INDEX event_log_user_created ON public.event_log USING btree (user_id, created_at DESC, id DESC)
  CREATE INDEX event_log_user_entity ON public.event_log USING btree (user_id, entity_type, entity_id)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may insert
  steward_app may select
  CREATE TRIGGER event_log_notify AFTER INSERT ON public.event_log FOR EACH ROW EXECUTE FUNCTION steward.notify_event()

create table goals
  id uuid not null
  user_id uuid not null
  title text not null
  title_norm text not null
  description text
  status text not null default 'active'::text
  horizon text
  target_date date
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  archived_at timestamp with time zone
  CHECK ((status = ANY (ARRAY['active'::text, 'paused'::text, 'done'::text, 'archived'::text])))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (user_id, id)
  CREATE INDEX goals_user_status ON public.goals USING btree (user_id, status)
  CREATE INDEX goals_user_title ON public.goals USING btree (user_id, title_norm)
  CREATE INDEX goals_user_updated ON public.goals USING btree (user_id, updated_at DESC)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update
  CREATE TRIGGER goals_register AFTER INSERT ON public.goals REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION steward.register_entities('goal')
  CREATE TRIGGER goals_unregister AFTER DELETE ON public.goals REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION steward.unregister_entities('goal')

create table idempotency_keys
  id uuid not null
  user_id uuid not null
  idempotency_key text not null
  request_hash text not null
  response_status integer
  response_body jsonb
  owner integer
  created_at timestamp with time zone not null default now()
  expires_at timestamp with time zone not null
  PRIMARY KEY (id)
  UNIQUE (user_id, idempotency_key)
  CREATE INDEX idempotency_keys_expires ON public.idempotency_keys USING btree (expires_at)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table inbox_items
  id uuid not null
  user_id uuid not null
  chat_id text not null
  session_id uuid not null
  source text not null
  client_msg_id text
  message_raw text not null
  message_norm text not null
  received_at timestamp with time zone not null
  request_id text not null
  status text not null default 'received'::text
  error_code text
  error_message text
  result jsonb
  owner integer
  CHECK ((status = ANY (ARRAY['received'::text, 'applied'::text, 'no_change'::text, 'failed'::text, 'dismissed'::text])))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  FOREIGN KEY (user_id, session_id) REFERENCES chat_sessions(user_id, id)
  PRIMARY KEY (id)
  UNIQUE (user_id, id)
  CREATE UNIQUE INDEX inbox_items_client_msg ON public.inbox_items USING btree (user_id, source, chat_id, client_msg_id) WHERE (client_msg_id IS NOT NULL)
  CREATE INDEX inbox_items_unfinished ON public.inbox_items USING btree (received_at) WHERE (status = 'received'::text)
  CREATE INDEX inbox_items_user_chat ON public.inbox_items USING btree (user_id, chat_id, received_at DESC)
  CREATE INDEX inbox_items_user_received ON public.inbox_items USING btree (user_id, received_at DESC)
  CREATE INDEX inbox_items_user_session ON public.inbox_items USING btree (user_id, session_id)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table llm_calls
  id uuid not null
  user_id uuid not null
  request_id text not null
  operation text not null
  purpose text not null
  provider text not null
  model text not null
  prompt_version text not null
  conversation_id uuid
  run_id uuid
  status text not null
  error_code text
  attempts integer not null
  latency_ms integer not null
  input_tokens bigint
  cached_input_tokens bigint
  cache_write_tokens bigint
  output_tokens bigint
  reasoning_tokens bigint
  cost numeric(18,9)
  currency text not null default 'USD'::text
  price_date date
  created_at timestamp with time zone not null default now()
  CHECK ((attempts >= 1))
  CHECK ((cache_write_tokens >= 0))
  CHECK ((cached_input_tokens >= 0))
  CHECK ((cost >= (0)::numeric))
  CHECK ((input_tokens >= 0))
  CHECK ((latency_ms >= 0))
  CHECK ((output_tokens >= 0))
  CHECK ((purpose = ANY (ARRAY['chat'::text, 'extraction'::text, 'query'::text, 'summary'::text, 'title'::text, 'plan'::text])))
  CHECK ((reasoning_tokens >= 0))
  CHECK ((status = ANY (ARRAY['ok'::text, 'failed'::text, 'cancelled'::text])))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  CREATE INDEX llm_calls_user_conversation ON public.llm_calls USING btree (user_id, conversation_id) WHERE (conversation_id IS NOT NULL)
  CREATE INDEX llm_calls_user_created ON public.llm_calls USING btree (user_id, created_at DESC, id DESC)
  CREATE INDEX llm_calls_user_operation_created ON public.llm_calls USING btree (user_id, operation, created_at DESC)
  CREATE INDEX llm_calls_user_run ON public.llm_calls USING btree (user_id, run_id) WHERE (run_id IS NOT NULL)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may insert
  steward_app may select

create table memories
  id uuid not null
  user_id uuid not null
  content text not null
  content_norm text not null
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (user_id, content_norm)
  CREATE INDEX memories_user_updated ON public.memories USING btree (user_id, updated_at DESC, id DESC)
  CREATE INDEX memories_words ON public.memories USING gin (to_tsvector('simple'::regconfig, content))
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table memory_summaries
  id uuid not null
  user_id uuid not null
  chat_id text not null
  session_id uuid
  summary_type text not null
  period_start date not null
  summary_text text not null
  facts_json jsonb not null default '{}'::jsonb
  source_event_ids jsonb not null default '[]'::jsonb
  created_at timestamp with time zone not null default now()
  CHECK ((summary_type = ANY (ARRAY['session'::text, 'daily'::text, 'weekly'::text])))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  FOREIGN KEY (user_id, session_id) REFERENCES chat_sessions(user_id, id)
  PRIMARY KEY (id)
  CREATE UNIQUE INDEX memory_summaries_once_period ON public.memory_summaries USING btree (user_id, summary_type, period_start) WHERE (summary_type <> 'session'::text)
  CREATE UNIQUE INDEX memory_summaries_once_session ON public.memory_summaries USING btree (user_id, session_id) WHERE (summary_type = 'session'::text)
  CREATE INDEX memory_summaries_session ON public.memory_summaries USING btree (user_id, session_id)
  CREATE INDEX memory_summaries_user_chat ON public.memory_summaries USING btree (user_id, chat_id, created_at DESC, id DESC)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table messages
  id uuid not null
  user_id uuid not null
  conversation_id uuid not null
  run_id uuid
  client_msg_id text
  role text not null
  parts jsonb not null
  created_at timestamp with time zone not null default now()
  CHECK ((role = ANY (ARRAY['user'::text, 'assistant'::text])))
  FOREIGN KEY (user_id, conversation_id) REFERENCES conversations(user_id, id) ON DELETE CASCADE
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  FOREIGN KEY (user_id, run_id) REFERENCES runs(user_id, id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (user_id, id)
  CREATE UNIQUE INDEX messages_client ON public.messages USING btree (user_id, conversation_id, client_msg_id) WHERE (client_msg_id IS NOT NULL)
  CREATE INDEX messages_user_conversation ON public.messages USING btree (user_id, conversation_id, created_at, id)
  CREATE INDEX messages_user_run ON public.messages USING btree (user_id, run_id)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table passkeys
  id uuid not null
  user_id uuid not null
  name text
  public_key text not null
  credential_id text not null
  counter bigint not null
  device_type text not null
  backed_up boolean not null
  transports text
  aaguid text
  created_at timestamp with time zone default now()
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (credential_id)
  CREATE INDEX passkeys_user ON public.passkeys USING btree (user_id)

create table problems
  id uuid not null
  user_id uuid not null
  title text not null
  title_norm text not null
  description text
  status text not null default 'active'::text
  severity smallint
  horizon text
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  archived_at timestamp with time zone
  CHECK (((severity >= 1) AND (severity <= 5)))
  CHECK ((status = ANY (ARRAY['active'::text, 'monitoring'::text, 'resolved'::text, 'archived'::text])))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (user_id, id)
  CREATE INDEX problems_user_status ON public.problems USING btree (user_id, status)
  CREATE INDEX problems_user_title ON public.problems USING btree (user_id, title_norm)
  CREATE INDEX problems_user_updated ON public.problems USING btree (user_id, updated_at DESC)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update
  CREATE TRIGGER problems_register AFTER INSERT ON public.problems REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION steward.register_entities('problem')
  CREATE TRIGGER problems_unregister AFTER DELETE ON public.problems REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION steward.unregister_entities('problem')

create unlogged table rate_limits
  user_id uuid not null
  operation text not null
  window_start timestamp with time zone not null
  calls integer not null
  PRIMARY KEY (user_id, operation)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table recent_context_items
  id uuid not null
  user_id uuid not null
  chat_id text not null
  entity_type text not null
  entity_id uuid not null
  position integer not null
  reason text
  surfaced_at timestamp with time zone not null default now()
  expires_at timestamp with time zone not null
  CHECK ((entity_type = ANY (ARRAY['task'::text, 'goal'::text, 'problem'::text])))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (user_id, chat_id, entity_type, entity_id)
  CREATE INDEX recent_context_items_expires ON public.recent_context_items USING btree (expires_at)
  CREATE INDEX recent_context_items_user_chat ON public.recent_context_items USING btree (user_id, chat_id, surfaced_at DESC)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create unlogged table run_chunks
  user_id uuid not null
  run_id uuid not null
  attempt integer not null
  seq integer not null
  chunks jsonb not null
  PRIMARY KEY (user_id, run_id, attempt, seq)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table run_steps
  id uuid not null
  user_id uuid not null
  run_id uuid not null
  seq integer not null
  kind text not null
  status text not null
  tool_call_id text
  tool_name text
  input jsonb
  output jsonb
  created_at timestamp with time zone not null default now()
  finished_at timestamp with time zone
  CHECK ((kind = ANY (ARRAY['model'::text, 'tool'::text])))
  CHECK ((seq >= 0))
  CHECK ((status = ANY (ARRAY['pending'::text, 'completed'::text, 'failed'::text])))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  FOREIGN KEY (user_id, run_id) REFERENCES runs(user_id, id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (user_id, run_id, seq)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table runs
  id uuid not null
  user_id uuid not null
  conversation_id uuid
  kind text not null
  status text not null
  request_id text not null
  message_id uuid not null
  answer_id uuid not null
  attempts integer not null default 0
  stop_requested_at timestamp with time zone
  error_code text
  error_message text
  created_at timestamp with time zone not null default now()
  started_at timestamp with time zone
  finished_at timestamp with time zone
  CHECK ((kind = 'turn'::text))
  CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])))
  FOREIGN KEY (user_id, conversation_id) REFERENCES conversations(user_id, id) ON DELETE CASCADE
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (user_id, id)
  CREATE UNIQUE INDEX runs_active ON public.runs USING btree (user_id, conversation_id) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]))
  CREATE INDEX runs_user_conversation ON public.runs USING btree (user_id, conversation_id)
  CREATE INDEX runs_user_created ON public.runs USING btree (user_id, created_at DESC, id DESC)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table settings
  user_id uuid not null
  key text not null
  value jsonb not null
  updated_at timestamp with time zone not null default now()
  CHECK ((key ~ '^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$'::text))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (user_id, key)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update

create table sign_in_links
  token_hash text not null
  id uuid not null
  kind text not null
  user_id uuid
  email text
  role text not null default 'user'::text
  created_by uuid
  created_at timestamp with time zone not null default now()
  expires_at timestamp with time zone
  used_at timestamp with time zone
  CHECK (((kind = 'sign_in'::text) = (user_id IS NOT NULL)))
  CHECK ((email = lower(email)))
  CHECK ((kind = ANY (ARRAY['setup'::text, 'invite'::text, 'sign_in'::text])))
  CHECK ((role = ANY (ARRAY['admin'::text, 'user'::text])))
  FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (token_hash)
  UNIQUE (id)
  CREATE INDEX sign_in_links_created_by ON public.sign_in_links USING btree (created_by)
  CREATE INDEX sign_in_links_kind_created ON public.sign_in_links USING btree (kind, created_at DESC, id DESC)
  CREATE INDEX sign_in_links_user ON public.sign_in_links USING btree (user_id)

create table tasks
  id uuid not null
  user_id uuid not null
  title text not null
  title_norm text not null
  notes text
  status text not null default 'open'::text
  priority smallint
  impact_score smallint
  due_date date
  due_time time(0) without time zone
  tags text[] not null default '{}'::text[]
  snoozed_until date
  source_inbox_item_id uuid
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  completed_at timestamp with time zone
  archived_at timestamp with time zone
  CHECK (((impact_score >= 1) AND (impact_score <= 5)))
  CHECK (((priority >= 1) AND (priority <= 4)))
  CHECK ((status = ANY (ARRAY['open'::text, 'blocked'::text, 'done'::text, 'archived'::text])))
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  FOREIGN KEY (user_id, source_inbox_item_id) REFERENCES inbox_items(user_id, id)
  PRIMARY KEY (id)
  UNIQUE (user_id, id)
  CREATE INDEX tasks_user_source ON public.tasks USING btree (user_id, source_inbox_item_id) WHERE (source_inbox_item_id IS NOT NULL)
  CREATE INDEX tasks_user_status_due ON public.tasks USING btree (user_id, status, due_date)
  CREATE INDEX tasks_user_title ON public.tasks USING btree (user_id, title_norm)
  CREATE INDEX tasks_user_updated ON public.tasks USING btree (user_id, updated_at DESC)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (user_id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  steward_app may delete
  steward_app may insert
  steward_app may select
  steward_app may update
  CREATE TRIGGER tasks_register AFTER INSERT ON public.tasks REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION steward.register_entities('task')
  CREATE TRIGGER tasks_unregister AFTER DELETE ON public.tasks REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION steward.unregister_entities('task')

create table two_factors
  id uuid not null
  user_id uuid not null
  secret text not null
  backup_codes text not null
  verified boolean not null default false
  failed_verification_count integer not null default 0
  locked_until timestamp with time zone
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  PRIMARY KEY (id)
  UNIQUE (user_id)
  CREATE TRIGGER two_factors_forget_devices AFTER DELETE ON public.two_factors FOR EACH ROW EXECUTE FUNCTION steward.forget_trusted_devices()

create table users
  id uuid not null
  email text not null
  name text not null
  email_verified boolean not null default false
  image text
  role text not null default 'user'::text
  timezone text not null default 'UTC'::text
  two_factor_enabled boolean not null default false
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  CHECK ((email = lower(email)))
  CHECK ((role = ANY (ARRAY['admin'::text, 'user'::text])))
  PRIMARY KEY (id)
  UNIQUE (email)
  policy service to {steward_owner} using ( SELECT (COALESCE(current_setting('app.service'::text, true), ''::text) <> ''::text))
  policy tenant to {steward_app} using (id = ( SELECT steward.current_user_id() AS current_user_id))
  row-level security, forced
  CREATE TRIGGER users_notify AFTER DELETE OR UPDATE OF email, role, timezone ON public.users FOR EACH STATEMENT EXECUTE FUNCTION steward.notify_identity()

create table workers
  number integer not null default nextval('steward.worker_number'::regclass)
  pool_id text not null
  started_at timestamp with time zone not null default now()
  PRIMARY KEY (number)
