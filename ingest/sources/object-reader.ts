/** A store of objects in buckets, as far as input needs it. */

export interface StoredObject {
  readonly bucket: string;
  /** Its whole key. */
  readonly path: string;
  readonly sizeBytes: number;
}

export interface ObjectReader {
  /** In the order of their keys. Throws InvalidInput (not there, not allowed), Unavailable. */
  list(bucket: string, prefix: string): AsyncIterable<StoredObject>;
  find(bucket: string, path: string): Promise<StoredObject>;
  read(object: StoredObject): AsyncIterable<Uint8Array>;
}
