import { spawnSync } from "node:child_process";
import { Failure } from "../../shared/runtime/failure.js";

/** Checks that a program can be run. @param from the package that contains it. @throws Failure */
export function demandProgram(name: string, from = name): void {
  const error: NodeJS.ErrnoException | undefined = spawnSync(name, ["-V"], {
    stdio: "ignore",
  }).error;
  if (error?.code === "ENOENT")
    throw new Failure(
      `Cannot start controller: '${name}' must be on the PATH: install ${from}`,
    );
}
