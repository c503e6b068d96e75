import type { Command } from 'commander';
import { AppError } from '../errors.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/**
 * The words that may follow each command, as a script for the shell: `source <(steward completion bash)`.
 *
 * @throws AppError `bad_request` for a shell that is not one of SHELLS
 */
export function completionScript(program: Command, shell: string): string {
  const words = new Map<string, string[]>();
  const collect = (command: Command, path: string): void => {
    const options = command.options.flatMap((option) => (option.long ? [option.long] : []));
    words.set(path, [...command.commands.map((sub) => sub.name()), ...options]);
    for (const sub of command.commands) collect(sub, path === '' ? sub.name() : `${path} ${sub.name()}`);
  };
  collect(program, '');
  switch (shell) {
    case 'bash':
      return bash(words);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`;
    case 'fish':
      return fish(words);
    default:
      throw new AppError('bad_request', `completion is written for ${SHELLS.join(', ')}.`);
  }
}

function bash(words: ReadonlyMap<string, readonly string[]>): string {
  const cases = [...words].map(([path, next]) => `    '${path}') words='${next.join(' ')}' ;;`);
  return `_steward() {
  local path='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _steward steward
`;
}

function fish(words: ReadonlyMap<string, readonly string[]>): string {
  return [...words]
    .flatMap(([path, next]) => {
      const condition =
        path === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.split(' ').at(-1)}`;
      return next
        .filter((word) => !word.startsWith('-'))
        .map((word) => `complete -c steward -f -n '${condition}' -a ${word}`);
    })
    .join('\n')
    .concat('\n');
}
