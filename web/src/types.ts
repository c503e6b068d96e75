/** The rows of the REST interface, as the page reads them. */

export type EntityType = 'task' | 'goal' | 'problem';
export type TaskStatus = 'open' | 'blocked' | 'done' | 'archived';
export type GoalStatus = 'active' | 'paused' | 'done' | 'archived';
export type ProblemStatus = 'active' | 'monitoring' | 'resolved' | 'archived';
export type LinkType = 'depends_on' | 'blocks' | 'supports_goal' | 'related' | 'addresses_problem';

interface Row {
  id: string;
  title: string;
  created_at: string;
  updated_at: string;
  archived_at: string | null;
}

export interface Task extends Row {
  status: TaskStatus;
  notes: string | null;
  priority: number | null;
  impact_score: number | null;
  due_date: string | null;
  due_time?: string | null;
  tags?: string[] | null;
  snoozed_until?: string | null;
  completed_at: string | null;
}

export interface Goal extends Row {
  status: GoalStatus;
  description: string | null;
  horizon: string | null;
  target_date: string | null;
}

export interface Problem extends Row {
  status: ProblemStatus;
  description: string | null;
  severity: number | null;
  horizon: string | null;
}

export type Entity = Task | Goal | Problem;

export interface Link {
  id: string;
  from_entity_type: EntityType;
  from_entity_id: string;
  to_entity_type: EntityType;
  to_entity_id: string;
  link_type: LinkType;
}

export interface PlanItem {
  id: string;
  title: string;
  score?: number;
  reasons: string[];
}

export interface Plan {
  generated_at: string;
  today: PlanItem[];
  next: PlanItem[];
  blocked: PlanItem[];
}

export interface InboxItem {
  id: string;
  source: string;
  message_raw: string;
  received_at: string;
  status?: string | null;
  error_message?: string | null;
}

export interface CaptureResult {
  applied: { links_created: number };
  items: { entity_type: EntityType; id: string; title: string; change: 'created' | 'updated' }[];
  /** What was proposed and not done. */
  skipped: { what: string; why: string }[];
}

export interface Conversation {
  id: string;
  title: string | null;
  created_at: string;
  updated_at: string;
}

export interface Me {
  id: string;
  email: string;
  name: string;
  role: 'admin' | 'user';
  timezone: string;
}

export interface ApiKey {
  id: string;
  label: string;
  prefix?: string | null;
  created_at: string;
  last_used: string | null;
}

export interface Invitation {
  id: string;
  email: string | null;
  role: 'admin' | 'user';
  expires_at: string | null;
  used_at: string | null;
}

export interface User extends Me {
  two_factor_enabled: boolean;
  created_at: string;
}
