/** Where a segment's files go below a storage root, and which paths of a load spec are inside it. Pure. */
import { isAbsolute, resolve, sep } from 'node:path';
import { CodedError } from '../../proto/errors.js';
import { formatInstant } from '../timeline/instant.js';
import { checkIdName, type SegmentId } from '../timeline/segment-id.js';

/** `dataSource/start_end/version/partition`: Druid's layout of local and Google storage. */
export function storagePath(id: SegmentId): string {
  const { startMs, endMs } = id.interval;
  const chunk = `${formatInstant(startMs)}_${formatInstant(endMs)}`;
  // A version is part of the path, so it obeys the rules of names.
  return [
    checkIdName(id.dataSource, 'dataSource'),
    chunk,
    checkIdName(id.version, 'version'),
    id.partition,
  ].join('/');
}

/** The path, absolute and normalised, when it lies below one of `roots`; symlinks are not followed here. */
export function insideRoots(path: string, roots: readonly string[]): string | undefined {
  if (!isAbsolute(path) || path.includes('\0')) return undefined;
  const normal = resolve(path);
  return roots.some((root) => normal.startsWith(withSlash(resolve(root)))) ? normal : undefined;
}

function withSlash(root: string): string {
  return root.endsWith(sep) ? root : root + sep;
}

/** The `path` of a local load spec. Errors: Unsupported (another type), StorageFailure (no such path allowed). */
export function localPathOf(
  loadSpec: { readonly type: string; readonly [key: string]: unknown },
  roots: readonly string[],
): string {
  if (loadSpec.type !== 'local') {
    throw new CodedError(
      'Unsupported',
      `Unknown loadSpec.type[${loadSpec.type}]: this storage reads [local]`,
      {
        field: 'loadSpec.type',
      },
    );
  }
  const { path } = loadSpec;
  const normal = typeof path === 'string' ? insideRoots(path, roots) : undefined;
  if (normal === undefined) {
    throw new CodedError('StorageFailure', 'loadSpec.path is outside the configured storage directories', {
      field: 'loadSpec.path',
    });
  }
  return normal;
}
