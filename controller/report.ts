import type { EventName } from "../shared/contract/event.js";
import type { Fields } from "../shared/runtime/log.js";

/** Says on the bus and in the log that something became different. */
export type Report = (event: EventName, detail: Fields) => void;
