import { type Direction, DIRECTIONS } from "../../shared/contract/direction.js";
import { clamp } from "../../shared/contract/units.js";
import { htbClass, htbLeaf } from "../shapers/tc/qdisc.js";
import { cakeOptions, cakeWords, differences } from "./cake.js";
import {
  type Device,
  type Host,
  OUR_ALIAS,
  OUR_HANDLE,
  OUR_PREFERENCE,
  UNREADABLE,
  type DesiredQueues,
} from "./parse.js";

/** A command, and the command that undoes it; null if it cannot be undone. */
export interface PlanStep {
  readonly run: string;
  readonly undo: string | null;
  /** May fail, as it is unknown whether there is anything to remove. */
  readonly isGuess?: true;
}

export type Plan =
  | { readonly kind: "steps"; readonly steps: readonly PlanStep[] }
  /** Why the plan was refused. */
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

/**
 * The steps that set up the queues; none if they are set up already. Rates of existing queues are the controller's.
 * @param force replaces foreign qdiscs
 */
export function planUp(
  wanted: DesiredQueues,
  host: Host,
  force: boolean,
): Plan {
  const missing = host.devices.upload === null;
  const reasons = missing
    ? [`${wanted.devices.upload}: no such device`]
    : [
        ...unnameable(wanted, host),
        ...inUse(wanted, host),
        ...(force ? [] : foreign(host)),
      ];
  if (reasons.length > 0) return { kind: "refused", reasons };
  return {
    kind: "steps",
    steps: [
      ...ifbSteps(wanted.devices.download, host.devices.download),
      ...DIRECTIONS.flatMap((direction) => rootSteps(wanted, host, direction)),
      ...redirectSteps(wanted, host),
    ],
  };
}

/** The steps that remove everything wanctl created, except an ifb that another WAN uses. */
export function planDown({ devices, feeders }: Host): readonly PlanStep[] {
  const { upload } = devices;
  const download = feeders.length > 0 ? null : devices.download;
  const steps: PlanStep[] = [];
  const ours = upload?.ingress?.filters.find(isOurs);
  if (upload !== null && ours !== undefined) {
    const run = isTaken(upload)
      ? delFilter(upload.name)
      : `tc qdisc del dev ${upload.name} ingress`;
    const isGuess = ours.kind === UNREADABLE;
    steps.push({ ...final(run), ...(isGuess ? { isGuess } : {}) });
  }
  for (const device of [upload, download])
    if (device?.root.owner === "ours")
      steps.push(final(`tc qdisc del dev ${device.name} root`));
  if (download?.isOurs === true && download.root.owner !== "foreign")
    steps.push(final(`ip link del dev ${download.name}`));
  return steps;
}

const final = (run: string): PlanStep => ({ run, undo: null });

const isOurs = ({ preference }: { readonly preference: number }): boolean =>
  preference === OUR_PREFERENCE;

const NAME_BYTES_MAX = 15;

/** The name of a new device is limited; an existing one may be given by a longer altname. */
const unnameable = (
  { devices: { download } }: DesiredQueues,
  host: Host,
): string[] =>
  host.devices.download === null && Buffer.byteLength(download) > NAME_BYTES_MAX
    ? [
        `${download}: no such device, and the name is too long to create it: at most ${NAME_BYTES_MAX} bytes`,
      ]
    : [];

/** Using another WAN's ifb would shape both as one: refused even with force. */
const inUse = ({ devices }: DesiredQueues, { feeders }: Host): string[] =>
  feeders.map(
    (feeder) =>
      `${devices.download}: ingress of ${feeder} is already redirected to it: set another shaper.download_device`,
  );

/** Foreign qdiscs where ours would go. */
function foreign(host: Host): string[] {
  const { upload, download } = host.devices;
  const roots = [upload, download].flatMap((device) =>
    device?.root.owner === "foreign"
      ? [
          `${device.name}: its root qdisc ${device.root.name} ${device.root.handle} is not wanctl's (--force replaces it)`,
        ]
      : [],
  );
  return upload !== null &&
    isRedirected(download) &&
    isTaken(upload) &&
    !isRedirecting(upload, download)
    ? [
        ...roots,
        `${upload.name}: its ingress is not wanctl's (--force replaces it)`,
      ]
    : roots;
}

/** Only an ifb needs a redirect; any other device (that of the LAN) sees the packets anyway. */
const isRedirected = (download: Device | null): boolean =>
  download === null || download.isIfb;

/** Whether our filter exists and redirects to the right device. */
const isRedirecting = ({ ingress }: Device, download: Device | null): boolean =>
  ingress?.kind === "ingress" &&
  ingress.filters.some(
    (filter) => isOurs(filter) && filter.to === download?.name,
  );

/** Whether another program handles incoming packets. */
const isTaken = ({ ingress }: Device): boolean =>
  ingress !== null &&
  (ingress.kind === "clsact" ||
    ingress.filters.some((filter) => !isOurs(filter)));

function ifbSteps(name: string, device: Device | null): PlanStep[] {
  const up = {
    run: `ip link set dev ${name} up`,
    undo: `ip link set dev ${name} down`,
  };
  if (device !== null) return device.isIfb && !device.isUp ? [up] : [];
  return [
    {
      run: `ip link add dev ${name} type ifb`,
      undo: `ip link del dev ${name}`,
    },
    final(`ip link set dev ${name} alias ${OUR_ALIAS}`),
    { ...up, undo: null },
  ];
}

function rootSteps(
  wanted: DesiredQueues,
  host: Host,
  direction: Direction,
): PlanStep[] {
  const name = wanted.devices[direction];
  const root = host.devices[direction]?.root;
  const options = cakeOptions(wanted.queue, direction);
  const fits =
    root?.owner === "ours" &&
    (root.kind === "cake"
      ? host.has.cake && differences(root.options, options).length === 0
      : root.kind === "htb" && !host.has.cake);
  if (fits) return [];

  const undo = `tc qdisc del dev ${name} root`;
  const clear =
    root === undefined || root.owner === "kernel" ? [] : [final(undo)];
  const { floorBps, baseBps, ceilingBps } = wanted.limits[direction];
  const bps = clamp(
    (root?.owner === "ours" ? root.bps : null) ?? baseBps,
    floorBps,
    ceilingBps,
  );
  if (host.has.cake)
    return [
      ...clear,
      {
        run: `tc qdisc add dev ${name} root handle ${OUR_HANDLE} cake bandwidth ${Math.round(bps / 1e3)}kbit ${cakeWords(options)}`,
        undo,
      },
    ];
  return [
    ...clear,
    { run: `tc qdisc add dev ${name} root handle 1: htb default 1`, undo },
    final(`tc class add dev ${name} ${htbClass(bps)}`),
    final(
      `tc qdisc add dev ${name} parent 1:1 handle ${OUR_HANDLE} ${htbLeaf(bps)}`,
    ),
  ];
}

function redirectSteps(wanted: DesiredQueues, host: Host): PlanStep[] {
  const { upload, download } = host.devices;
  if (upload === null || !isRedirected(download)) return [];
  if (isRedirecting(upload, download)) return [];
  const { name, ingress } = upload;
  const matches = host.has.matchall ? "matchall" : "u32 match u32 0 0";
  const steps: PlanStep[] = [];
  if (isTaken(upload))
    steps.push(final(`tc qdisc del dev ${name} ${ingress?.kind ?? "ingress"}`));
  else if (ingress?.filters.some(isOurs) === true)
    steps.push(final(delFilter(name)));
  if (ingress === null || isTaken(upload))
    steps.push({
      run: `tc qdisc add dev ${name} handle ffff: ingress`,
      undo: `tc qdisc del dev ${name} ingress`,
    });
  steps.push({
    run: `tc filter add dev ${name} parent ffff: protocol all pref ${OUR_PREFERENCE} ${matches} action mirred egress redirect dev ${wanted.devices.download}`,
    undo: delFilter(name),
  });
  return steps;
}

const delFilter = (name: string): string =>
  `tc filter del dev ${name} parent ffff: protocol all pref ${OUR_PREFERENCE}`;
