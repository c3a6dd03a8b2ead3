import { openCli, type Cli } from "../routeros-cli.js";
import type { Device } from "./device.js";

/** The command line of a device: what is set there is set, and REST and SSH show the same. Durations are spelled as there. */
export const cliOf = (device: Device): Cli =>
  openCli(new DeviceMenus(device), new DeviceSingles(device));

type Item = Map<string, string>;

class DeviceMenus extends Map<string, Map<string, Item>> {
  private readonly device: Device;

  constructor(device: Device) {
    super();
    this.device = device;
  }

  override get(menu: string): Map<string, Item> | undefined {
    const items = menu === RESOURCE ? null : this.device.list(menu);
    if (items === null) return undefined;
    return new Map(
      items.map(({ ".id": id = "", ...values }) => [
        id,
        new DeviceItem(values, (name, value) => {
          // what is set is set at once; what comes of it, such as a qdisc that follows, a little later
          void this.device.set(menu, id, { [name]: value });
        }),
      ]),
    );
  }
}

class DeviceItem extends Map<string, string> {
  private readonly change: (name: string, value: string) => void;

  constructor(
    values: Readonly<Record<string, string>>,
    change: (name: string, value: string) => void,
  ) {
    super();
    for (const [name, value] of Object.entries(values)) super.set(name, value);
    this.change = change;
  }

  override set(name: string, value: string): this {
    this.change(name, value);
    return super.set(name, value);
  }
}

const RESOURCE = "system/resource";

class DeviceSingles extends Map<string, Item> {
  private readonly device: Device;

  constructor(device: Device) {
    super();
    this.device = device;
  }

  override get(menu: string): Item | undefined {
    const [item] = (menu === RESOURCE && this.device.list(menu)) || [];
    return item && new Map(Object.entries({ ...item, uptime: "1d02:03:04" }));
  }
}
