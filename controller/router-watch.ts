import type { Message } from "../shared/contract/frame.js";
import type { MonoMs } from "../shared/runtime/clock.js";
import { openSamples } from "./samples.js";
import type { Shaper } from "./shaper/shaper.js";

/** Tells whether the router accepts rates. */
export interface RouterWatch {
  look(router: ReturnType<Shaper["view"]>, now: MonoMs): void;
}

/** Publishes nothing before the first answer or fault: until then it is not known. */
export function openRouterWatch(
  publish: (message: Message) => void,
): RouterWatch {
  const samples = openSamples(publish);
  return {
    look({ error, reachable }, now) {
      if (error !== null || reachable)
        samples.tell("wanctl_router_up", Number(error === null), now);
    },
  };
}
