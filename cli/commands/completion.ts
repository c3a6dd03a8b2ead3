import { Argument, type Command } from "commander";
import { example } from "./options.js";

export function declare(command: Command): void {
  command
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .addHelpText(
      "after",
      example("wanctl completion bash > /etc/bash_completion.d/wanctl"),
    )
    .action((shell: Shell) => {
      if (command.parent !== null)
        process.stdout.write(completion(command.parent, shell));
    });
}

export const SHELLS = ["bash", "zsh"] as const;
export type Shell = (typeof SHELLS)[number];

const flagsOf = (command: Command): string[] => [
  ...command.options.flatMap(({ long }) => long ?? []),
  "--help",
];

/** What may follow a word: a group's commands, a command's options. */
const casesOf = (command: Command, name: string): string[] => {
  const own = command.commands.map((one) => one.name());
  const words = [...own, ...flagsOf(command)].join(" ");
  return [
    `${own.length > 0 ? `"${name} ")` : `"${name} "*)`} words="${words}" ;;`,
    ...command.commands.flatMap((one) => casesOf(one, `${name} ${one.name()}`)),
  ];
};

/** A shell script that completes subcommands and options, also of `wanctl-history`. */
export function completion(program: Command, shell: Shell): string {
  const names = program.commands.map((command) => command.name());
  const groups = program.commands
    .filter(({ commands }) => commands.length > 0)
    .map((command) => command.name());
  const cases = program.commands.flatMap((command) =>
    casesOf(command, command.name()),
  );
  const script = [
    "_wanctl() {",
    "  local word=${COMP_WORDS[COMP_CWORD]} words depth=1",
    `  [[ " ${groups.join(" ")} " == *" \${COMP_WORDS[1]} "* ]] && depth=2`,
    `  if ((COMP_CWORD == 1)); then words="${names.join(" ")} --help --version"; else`,
    '    case "${COMP_WORDS[*]:1:COMP_CWORD-1} " in',
    ...cases.map((line) => `      ${line}`),
    "    esac",
    "  fi",
    '  [[ $word == -* ]] || ((COMP_CWORD <= depth)) && COMPREPLY=($(compgen -W "$words" -- "$word"))',
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
