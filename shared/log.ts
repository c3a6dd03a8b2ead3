import { pino } from "pino";

/** One line per event, on stderr. Edges, not levels: numbers that change all the time belong in frames. */
export interface Log {
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

export type Fields = Readonly<Record<string, string | number | boolean | null>>;

export type LogFormat = "text" | "json";

/** @param name the process: a WAN's name, or `recorder` */
export function openLog(name: string, format: LogFormat): Log {
  const out =
    format === "json"
      ? process.stderr
      : { write: (line: string) => void process.stderr.write(asText(line)) };
  const logger = pino(
    {
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      messageKey: "event",
    },
    out,
  );
  return {
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, fields = {}) => logger.error(fields, event),
  };
}

/** `12:00:01 warn spectrum router_lost cause="no such device"` */
function asText(line: string): string {
  const { level, time, name, event, ...fields } = JSON.parse(line) as Record<
    string,
    unknown
  >;
  const pairs = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${plain(value)}`,
  );
  return `${String(time).slice(11, 19)} ${String(level)} ${String(name)} ${String(event)}${pairs.join("")}\n`;
}

const plain = (value: unknown): string =>
  typeof value === "string" && /[\s"=]/.test(value)
    ? JSON.stringify(value)
    : String(value);
