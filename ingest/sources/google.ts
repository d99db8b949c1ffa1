/** google: objects of Google Cloud Storage, by their URIs, by prefixes or one by one. */
import { posix } from 'node:path';
import { CodedError } from '../../proto/errors.js';
import type { JsonKeys } from '../spec/keys.js';
import { keyFilter } from './glob.js';
import { googleObjects } from './google-objects.js';
import type { InputEntity } from './input-entity.js';
import type { ObjectReader, StoredObject } from './object-reader.js';
import type { InputSource, SourceDeps, SourceKind } from './source.js';
import { checkSystemFields, systemFieldsOf, type SystemField } from './system-fields.js';
import { unpackedBytes } from './unpack.js';

const FIELD = 'spec.ioConfig.inputSource';
const OBJECTS_MAX = 100_000;

interface Place {
  readonly bucket: string;
  /** A key, or the beginning of keys. */
  readonly path: string;
}

interface GoogleSpec {
  readonly kind: 'objects' | 'prefixes';
  readonly places: readonly Place[];
  /** Undefined: all keys. */
  readonly isWanted: ((key: string) => boolean) | undefined;
  readonly systemFields: readonly SystemField[];
}

export const googleSource: SourceKind = {
  type: 'google',
  parse(keys: JsonKeys): InputSource {
    const given = (['uris', 'prefixes', 'objects'] as const).filter(
      (key) => (keys.list(key) ?? []).length > 0,
    );
    const [kind] = given;
    if (kind === undefined || given.length > 1) {
      throw keys.wrong('uris', 'or prefixes or objects must be given, and only one of them');
    }
    const places = kind === 'objects' ? objectPlaces(keys) : uriPlaces(keys, kind);
    const glob = keys.optionalText('objectGlob');
    const spec: GoogleSpec = {
      kind: kind === 'prefixes' ? 'prefixes' : 'objects',
      places,
      isWanted: glob === undefined ? undefined : keyFilter(glob, keys.at('objectGlob')),
      systemFields: checkSystemFields(keys),
    };
    keys.leftovers();
    return { type: 'google', open: (deps) => openObjects(spec, deps) };
  },
};

function objectPlaces(keys: JsonKeys): Place[] {
  return (keys.list('objects') ?? []).map((item, i) => {
    const object = keys.item(item, `${keys.at('objects')}[${i}]`);
    const place = { bucket: object.text('bucket'), path: object.text('path') };
    object.leftovers();
    return place;
  });
}

function uriPlaces(keys: JsonKeys, key: 'uris' | 'prefixes'): Place[] {
  return (keys.texts(key) ?? []).map((uri, i) => {
    const found = /^gs:\/\/([^/]+)(?:\/(.*))?$/s.exec(uri);
    const [, bucket = '', path = ''] = found ?? [];
    if (found === null || (key === 'uris' && path === '')) {
      throw keys.wrong(`${key}[${i}]`, 'must look like gs://bucket/path');
    }
    return { bucket, path };
  });
}

async function openObjects(spec: GoogleSpec, deps: SourceDeps): Promise<InputEntity[]> {
  const reader = deps.googleObjects ?? googleObjects();
  const found: StoredObject[] = [];
  const take = (object: StoredObject): void => {
    if (spec.isWanted?.(object.path) === false) return;
    found.push(object);
    if (found.length > OBJECTS_MAX) {
      throw new CodedError('LimitExceeded', `${FIELD}: more than ${OBJECTS_MAX} objects`, { field: FIELD });
    }
  };
  for (const { bucket, path } of spec.places) {
    if (deps.signal.aborted) throw new CodedError('Canceled', 'Stopped while looking for objects');
    if (spec.kind === 'objects') take(await reader.find(bucket, path));
    // Empty ones are what stands for folders.
    else for await (const object of reader.list(bucket, path)) if (object.sizeBytes > 0) take(object);
  }
  if (found.length === 0)
    throw new CodedError('InvalidInput', `${FIELD}: no object matches`, { field: FIELD });
  return found.map((object) => entityOf(object, spec.systemFields, reader));
}

function entityOf(
  object: StoredObject,
  systemFields: readonly SystemField[],
  reader: ObjectReader,
): InputEntity {
  const { bucket, path, sizeBytes } = object;
  const fields = systemFieldsOf(systemFields, {
    __file_uri: `gs://${bucket}/${path}`,
    __file_bucket: bucket,
    __file_path: path,
  });
  const name = posix.basename(path) || path;
  return {
    name,
    sizeBytes,
    ...(fields !== undefined && { systemFields: fields }),
    alone: { type: 'google', objects: [{ bucket, path }], systemFields },
    open: (signal) => unpackedBytes(reader.read(object), { name, field: FIELD, signal }),
  };
}
