import type { Command } from "commander";

export const SHELLS = ["bash", "zsh"] as const;
export type Shell = (typeof SHELLS)[number];

/** A script that completes subcommands and options, for the shell to source; `wanctl-history` is one of the former. */
export function completion(program: Command, shell: Shell): string {
  const names = program.commands.map((command) => command.name());
  const cases = program.commands.map((command) => {
    const flags = command.options.flatMap(({ long }) => long ?? []);
    return `    ${command.name()}) words="${[...flags, "--help"].join(" ")}" ;;`;
  });
  const script = [
    "_wanctl() {",
    "  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words",
    `  if ((COMP_CWORD == 1)); then words="${names.join(" ")} --help --version"; else`,
    "    case $command in",
    ...cases.map((line) => `  ${line}`),
    "    esac",
    "  fi",
    '  [[ $word == -* || $COMP_CWORD == 1 ]] && COMPREPLY=($(compgen -W "$words" -- "$word"))',
    "}",
    "_wanctl_history() {",
    '  COMP_WORDS=(wanctl history "${COMP_WORDS[@]:1}") COMP_CWORD=$((COMP_CWORD + 1))',
    "  _wanctl",
    "}",
    "complete -o default -F _wanctl wanctl",
    "complete -o default -F _wanctl_history wanctl-history",
    "",
  ].join("\n");
  return shell === "bash"
    ? script
    : `#compdef wanctl wanctl-history\nautoload -U +X bashcompinit && bashcompinit\n${script}`;
}
