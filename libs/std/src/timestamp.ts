/** RFC 3339 in UTC with whole seconds, as Kubernetes writes times. @param ms since 1970 */
export function timestampOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
