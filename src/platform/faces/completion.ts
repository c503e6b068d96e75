import type { Command } from 'commander';
import { AppError } from '../errors.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A command, and what may follow it. */
interface Place {
  /** Its words after `steward`, with spaces between them; empty for `steward` itself. */
  readonly path: string;
  readonly commands: readonly string[];
  readonly options: readonly string[];
}

/**
 * The words that may follow each command, as a script for the shell: `source <(steward completion bash)`.
 *
 * @throws AppError `bad_request` for a shell that is not one of SHELLS
 */
export function completionScript(program: Command, shell: string): string {
  const places: Place[] = [];
  const collect = (command: Command, path: string): void => {
    places.push({
      path,
      commands: command.commands.map((sub) => sub.name()),
      options: [...command.options.flatMap((option) => option.long ?? []), '--help'],
    });
    for (const sub of command.commands) collect(sub, `${path} ${sub.name()}`.trim());
  };
  collect(program, '');
  switch (shell) {
    case 'bash':
      return bash(places);
    case 'zsh':
      return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(places)}`;
    case 'fish':
      return fish(places);
    default:
      throw new AppError('bad_request', `completion is written for ${SHELLS.join(', ')}.`);
  }
}

/** Words that lead to no command, such as an id or an option's value, leave the path as it is. */
function bash(places: readonly Place[]): string {
  const known = places.map(({ path }) => `'${path}'`).join('|');
  const cases = places.map(
    ({ path, commands, options }) => `    '${path}') words='${[...commands, ...options].join(' ')}' ;;`,
  );
  return `_steward() {
  local path='' next='' word='' words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in ${known}) path="$next" ;; esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _steward steward
`;
}

function fish(places: readonly Place[]): string {
  return places
    .flatMap(({ path, commands, options }) => {
      const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
      const at = path === '' ? '__fish_use_subcommand' : seen.join('; and ');
      const before =
        commands.length > 0 && path !== ''
          ? `${at}; and not __fish_seen_subcommand_from ${commands.join(' ')}`
          : at;
      return [
        ...commands.map((word) => `complete -c steward -f -n '${before}' -a ${word}`),
        ...options.map((option) => `complete -c steward -n '${at}' -l ${option.slice(2)}`),
      ];
    })
    .join('\n')
    .concat('\n');
}
