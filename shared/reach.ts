/**
 * What a run can have sent: 100 frames a second since its process began, four times what a controller does, and a burst.
 * A number beyond that is a mistake or a lie, and would open a hole of as many frames.
 */
const FRAMES_A_SECOND = 100;
const BURST = 10_000;

/** 22 years at that pace. */
export const SEQ_MAX = 2 ** 36;

/** A century. */
export const MONO_MAX = 2 ** 42;

/** The year 2248. */
export const AT_MAX = 2 ** 43;

/** The last number that a run may have reached so long after its process began. */
export const lastSeqAt = (monoMs: number): number =>
  BURST + Math.floor((monoMs * FRAMES_A_SECOND) / 1e3);

/** A version that is not known may have no `mono`. */
export const isReachable = ({ seq, mono }: { seq: number; mono?: unknown }) =>
  typeof mono !== "number" || seq <= lastSeqAt(mono);
