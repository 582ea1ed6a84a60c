/** Puts an entry last, as the latest; of more than `max` the oldest goes. @returns the value that went, if one did */
export function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, max: number): Value | undefined {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map;
  if (map.size <= max || oldest === undefined) return undefined;
  map.delete(oldest[0]);
  return oldest[1];
}
