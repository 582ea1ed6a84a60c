/** Where an object is stored. */
export interface Place {
  readonly collection: string;
  readonly key: string;
}

/** A place as one text, for sets and queues; no collection has a space in its name. */
export function placeText({ collection, key }: Place): string {
  return `${collection} ${key}`;
}

export function placeOf(text: string): Place {
  const space = text.indexOf(" ");
  return { collection: text.slice(0, space), key: text.slice(space + 1) };
}
