/** True when the last run reached what the spec asks for (C-010). */
export const READY = "Ready";
/** Abnormal: true while work goes on or is tried again, absent otherwise. */
export const RECONCILING = "Reconciling";
/** Abnormal: true when only a change brings the object back, absent otherwise. */
export const STALLED = "Stalled";
/** True when everything that was applied is healthy. */
export const HEALTHY = "Healthy";
