import { fstatSync } from "node:fs";
import { pino } from "pino";

/** One line per event, on stderr. Log changes only: values that change all the time belong in frames. */
export interface Log {
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

export type Fields = Readonly<Record<string, string | number | boolean | null>>;

export type LogFormat = "text" | "json";

type Level = "info" | "warn" | "error";

/** Priorities of syslog(3). */
const PRIORITY: Readonly<Record<Level, number>> = {
  error: 3,
  warn: 4,
  info: 6,
};

/** Whether stderr is the journal; it may have been redirected after the variable was set (systemd.exec(5)). */
function leadsToJournal(): boolean {
  const { dev, ino } = fstatSync(2);
  return process.env["JOURNAL_STREAM"] === `${dev}:${ino}`;
}

/** The priority prefix for the journal, sd-daemon(3); empty if stderr is not the journal. */
export const priorityMark = (level: Level): string =>
  leadsToJournal() ? `<${PRIORITY[level]}>` : "";

/**
 * @param name the process: a WAN's name, or `recorder`
 * @param format called for each line, as it may change
 */
export function openLog(name: string, format: () => LogFormat): Log {
  const isForJournal = leadsToJournal();
  const logger = pino(
    {
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      messageKey: "event",
    },
    {
      write(line) {
        const { level, ...said } = JSON.parse(line) as Line;
        const words = format() === "json" ? line : asText(level, said);
        const mark = isForJournal ? `<${PRIORITY[level]}>` : "";
        process.stderr.write(mark + words);
      },
    },
  );
  return {
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, fields = {}) => logger.error(fields, event),
  };
}

type Line = { readonly level: Level } & Readonly<Record<string, unknown>>;

/** `12:00:01 warn spectrum router_lost cause="no such device"` */
function asText(
  level: Level,
  { time, name, event, ...fields }: Readonly<Record<string, unknown>>,
): string {
  const pairs = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${plain(value)}`,
  );
  return `${String(time).slice(11, 19)} ${level} ${String(name)} ${String(event)}${pairs.join("")}\n`;
}

const plain = (value: unknown): string =>
  typeof value === "string" && /[\s"=]/.test(value)
    ? JSON.stringify(value)
    : String(value);
