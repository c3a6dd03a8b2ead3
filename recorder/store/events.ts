import type { Connection } from "./connection.js";
import type { GapCause } from "./ranges.js";

/** The position of an event in the order of all events. */
export interface EventPlace {
  readonly atMs: number;
  readonly source: number;
  readonly seq: number;
}

export interface EventRow extends EventPlace {
  readonly wan: string;
  readonly boot: string;
  readonly kind: string;
  /** JSON */
  readonly details: string;
}

/** Identifies a gap: its run and first seq. */
export interface GapPlace {
  readonly source: number;
  readonly fromSeq: number;
}

export interface GapRow extends GapPlace {
  readonly wan: string;
  readonly boot: string;
  readonly toSeq: number | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly cause: GapCause;
}

type EventsBefore = (fromMs: number, place: EventPlace) => EventRow[];

/** Events, read backwards by key, at most ROWS_MAX at a time. */
export interface EventStore {
  /** The events of all WANs between an instant and a position, newest first. */
  readonly eventsBefore: EventsBefore;
  /** The same without transitions, which are most of them. */
  readonly rareEventsBefore: EventsBefore;
  /** The gaps before a position, newest run first. */
  gapsBefore(place: GapPlace): GapRow[];
}

/** Rows read at once: well below a millisecond, and at most 4 MB, as a frame has at most 64 kB. */
export const ROWS_MAX = 64;

const eventsWhere = (condition: string) => `
    select w.name as wan, s.boot, e.at_ms as atMs, e.source, e.seq, e.kind, e.details
    from event e cross join wan w on w.id = e.wan cross join source s on s.id = e.source
    where ${condition} e.at_ms >= @fromMs and (e.at_ms, e.source, e.seq) < (@atMs, @source, @seq)
    order by e.at_ms desc, e.source desc, e.seq desc limit ${ROWS_MAX}`;

export const EVENTS_SQL = {
  events: eventsWhere(""),
  rareEvents: eventsWhere("e.kind <> 'transition' and"),
  gaps: `
    select w.name as wan, s.boot, g.source, g.from_seq as fromSeq, g.to_seq as toSeq,
      g.from_ms as fromMs, g.to_ms as toMs, g.cause
    from gap g cross join source s on s.id = g.source cross join wan w on w.id = s.wan
    where (g.source, g.from_seq) < (@source, @fromSeq)
    order by g.source desc, g.from_seq desc limit ${ROWS_MAX}`,
} as const;

export function openEventStore(db: Connection): EventStore {
  const events = db.prepare<object, EventRow>(EVENTS_SQL.events);
  const rare = db.prepare<object, EventRow>(EVENTS_SQL.rareEvents);
  const gaps = db.prepare<object, GapRow>(EVENTS_SQL.gaps);
  return {
    eventsBefore: (fromMs, place) => events.all({ ...place, fromMs }),
    rareEventsBefore: (fromMs, place) => rare.all({ ...place, fromMs }),
    gapsBefore: (place) => gaps.all(place),
  };
}
