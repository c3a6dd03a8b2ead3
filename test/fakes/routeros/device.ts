/** What a RouterOS device keeps: menus of items whose values are all text, under ids that a reboot changes. */
export interface Device {
  /** The items of a menu; null where there is no such menu. */
  list(menu: string): readonly Record<string, string>[] | null;
  /** @returns what RouterOS would say against it, or null */
  set(
    menu: string,
    id: string,
    values: Readonly<Record<string, unknown>>,
  ): Promise<"no such item" | "unknown parameter" | "invalid value" | null>;
  /** New ids, in another order: an old one may now be another item's. */
  reboot(): void;
  /** Says yes to every change and makes none. */
  lies: boolean;
  /** Every change that was made: item's name, property, value. */
  readonly changes: readonly (readonly [string, string, string])[];
  /** What menu's item of this name says. */
  value(menu: string, name: string, property: string): string | undefined;
  /** Changes an item as somebody at the console would. */
  edit(
    menu: string,
    name: string,
    values: Readonly<Record<string, string>>,
  ): void;
}

export interface Plant {
  /** Called with every new limit, bit/s, before the change is answered. */
  readonly onLimit?: (queue: string, bps: number) => Promise<unknown>;
  /** What an interface has counted. */
  readonly bytes?: (
    name: string,
  ) => { readonly received: number; readonly sent: number } | null;
}

type Items = Record<string, string>[];

const queue = (name: string, parent: string, type: string) => ({
  ...{ name, parent, queue: type, "packet-mark": "", "limit-at": "0" },
  ...{ "max-limit": "10000000", priority: "8", disabled: "false" },
  invalid: "false",
});

const factory = (): Record<string, Items> => ({
  "queue/tree": [
    queue("other", "bridge", "default-small"),
    queue("wan-download", "bridge", "cake-download"),
    queue("wan-upload", "ether1", "cake-upload"),
  ],
  "queue/simple": [
    {
      ...{ name: "guests", target: "10.9.0.0/24", queue: "default/default" },
      ...{ "max-limit": "1000000/2000000", disabled: "false" },
    },
    {
      ...{ name: "wan", target: "bridge", queue: "cake-upload/cake-download" },
      ...{ "max-limit": "10000000/20000000", disabled: "false" },
    },
  ],
  "queue/type": [
    { name: "default-small", kind: "pfifo", "pfifo-limit": "10" },
    { name: "default", kind: "pfifo", "pfifo-limit": "50" },
    { name: "cake-download", kind: "cake", "cake-bandwidth": "0" },
    { name: "cake-upload", kind: "cake", "cake-bandwidth": "0" },
  ],
  "ip/firewall/filter": [
    { chain: "forward", action: "passthrough", dynamic: "true" },
    { chain: "forward", action: "fasttrack-connection", disabled: "true" },
    { chain: "forward", action: "accept", disabled: "false" },
  ],
  interface: [
    { name: "ether1", type: "ether", running: "true" },
    { name: "bridge", type: "bridge", running: "true" },
  ],
});

/** A device with its queues on CAKE and FastTrack off, as the documentation asks for. */
export function openDevice({ onLimit, bytes }: Plant = {}): Device {
  const menus = factory();
  const changes: [string, string, string][] = [];
  let bootedAt = performance.now();
  number(menus);
  const find = (menu: string, name: string) =>
    menus[menu]?.find((item) => item["name"] === name);

  const device: Device = {
    lies: false,
    changes,
    list(menu) {
      if (menu === "system/resource")
        return [
          {
            "board-name": "CHR",
            uptime: uptime(performance.now() - bootedAt),
            version: "7.16.2 (stable)",
          },
        ];
      if (menu !== "interface") return menus[menu] ?? null;
      return (menus[menu] ?? []).map((item) => {
        const counted = bytes?.(item["name"] ?? "");
        return {
          ...item,
          "rx-byte": String(counted?.received ?? 0),
          "tx-byte": String(counted?.sent ?? 0),
        };
      });
    },
    async set(menu, id, values) {
      const item = menus[menu]?.find((one) => one[".id"] === id);
      if (item === undefined) return "no such item";
      for (const [property, value] of Object.entries(values)) {
        if (!(property in item)) return "unknown parameter";
        const text = property === "max-limit" ? limits(value) : String(value);
        if (text === null) return "invalid value";
        if (device.lies) continue;
        item[property] = text;
        changes.push([item["name"] ?? "", property, text]);
        if (property === "max-limit")
          await onLimit?.(item["name"] ?? "", Number(text));
      }
      return null;
    },
    reboot() {
      bootedAt = performance.now();
      number(menus, true);
    },
    value: (menu, name, property) => find(menu, name)?.[property],
    edit: (menu, name, values) =>
      void Object.assign(find(menu, name) ?? {}, values),
  };
  return device;
}

function number(menus: Record<string, Items>, isReversed = false): void {
  for (const items of Object.values(menus)) {
    const ids = items.map((_, i) => `*${(i + 1).toString(16).toUpperCase()}`);
    if (isReversed) ids.reverse();
    items.forEach((item, i) => (item[".id"] = ids[i] ?? ""));
  }
}

/** "10M/20M" as it is kept: 10000000/20000000; null for what is no rate. */
function limits(value: unknown): string | null {
  const scale: Record<string, number> = { "": 1, k: 1e3, M: 1e6, G: 1e9 };
  const parts = String(value)
    .split("/")
    .map((part) => {
      const [, digits, suffix = ""] = /^(\d+)([kMG]?)$/.exec(part) ?? [];
      return digits === undefined ? NaN : Number(digits) * (scale[suffix] ?? 1);
    });
  return parts.some(Number.isNaN) ? null : parts.join("/");
}

/** "2d20h12m20s" */
function uptime(ms: number): string {
  const s = Math.floor(ms / 1e3);
  return `${Math.floor(s / 60)}m${s % 60}s`;
}
