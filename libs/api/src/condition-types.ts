/** True when the last run reached what the spec asks for (C-010). */
export const READY = "Ready";
/** Abnormal: true when only a change brings the object back, absent otherwise. */
export const STALLED = "Stalled";
