import type { EventName } from "../shared/event.js";
import type { Fields } from "../shared/log.js";

/** Says on the bus and in the log that something became different. */
export type Report = (event: EventName, detail: Fields) => void;
