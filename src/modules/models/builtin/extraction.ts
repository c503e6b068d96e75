/** What is made of a thought: the shapes that the rules, the script and the answers share. */
import type { Zone } from './dates.ts';
import type { EntityType, Surfaced } from './references.ts';

export interface ExtractedTask {
  title: string;
  notes?: string;
  priority?: 1 | 2 | 3 | 4;
  impact_score?: 1 | 2 | 3 | 4 | 5;
  due_date?: string;
  due_time?: string;
  tags?: string[];
  status?: 'open' | 'done';
}
export interface ExtractedGoal {
  title: string;
  description?: string;
  horizon?: string;
  target_date?: string;
}
export interface ExtractedProblem {
  title: string;
  description?: string;
  severity?: 1 | 2 | 3 | 4 | 5;
}
export interface EntityRef {
  type: EntityType;
  title: string;
}
export type LinkType = 'depends_on' | 'blocks' | 'supports_goal' | 'related' | 'addresses_problem';
export interface ExtractedLink {
  from: EntityRef;
  to: EntityRef;
  link_type: LinkType;
}
export interface ExtractedUpdate {
  type: EntityType;
  title: string;
  set: { status?: string; due_date?: string; due_time?: string; target_date?: string; priority?: number };
}
/** The input of `capture.apply` and what the purpose "extraction" answers. */
export interface Extraction {
  tasks: ExtractedTask[];
  goals: ExtractedGoal[];
  problems: ExtractedProblem[];
  links: ExtractedLink[];
  updates: ExtractedUpdate[];
}

/** Where the user is and what he has just seen. */
export interface Situation extends Zone {
  readonly context: Surfaced;
}

/** Why something that was said changes nothing. */
export type Remark = 'question' | 'negation' | 'hypothetical' | 'quotation' | 'small_talk';
