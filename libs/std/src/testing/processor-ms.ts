/**
 * Milliseconds of processor time that this thread has taken so far. To be compared where something must not take for ever:
 * unlike a clock it stands still while the machine is busy with others.
 */
export function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
