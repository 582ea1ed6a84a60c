/** The one finalizer of every kind that has something to take back (C-019). */
export const FINALIZER = "finalizers.fluxcd.io";
