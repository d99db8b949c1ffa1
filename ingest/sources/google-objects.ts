/**
 * Objects of Google Cloud Storage. The one importer of @google-cloud/storage, which is loaded with the first object.
 * Credentials are the machine's own (application default); STORAGE_EMULATOR_HOST names another service.
 */
import { CodedError } from '../../proto/errors.js';
import type { ObjectReader, StoredObject } from './object-reader.js';

type Client = InstanceType<(typeof import('@google-cloud/storage'))['Storage']>;

const PAGE = 1000;
const API = '/storage/v1';

export function googleObjects(): ObjectReader {
  let client: Promise<Client> | undefined;
  const storage = (): Promise<Client> =>
    (client ??= import('@google-cloud/storage').then((it) => atEmulator(new it.Storage())));
  return {
    async *list(bucket, prefix) {
      let pageToken: string | undefined;
      do {
        const query = { prefix, autoPaginate: false, maxResults: PAGE, ...(pageToken && { pageToken }) };
        const [files, next] = await told(bucket, prefix, async () =>
          (await storage()).bucket(bucket).getFiles(query),
        );
        for (const file of files) yield objectOf(bucket, file.name, file.metadata.size);
        pageToken = (next as { pageToken?: string } | null)?.pageToken;
      } while (pageToken !== undefined);
    },
    async find(bucket, path) {
      const [metadata] = await told(bucket, path, async () =>
        (await storage()).bucket(bucket).file(path).getMetadata(),
      );
      return objectOf(bucket, path, metadata.size);
    },
    async *read({ bucket, path }) {
      const file = (await storage()).bucket(bucket).file(path);
      // What is stored packed is unpacked here, by its first bytes; checksums are compared at the end.
      const stream = file.createReadStream({ decompress: false });
      try {
        yield* stream as AsyncIterable<Uint8Array>;
      } catch (thrown) {
        throw asCoded(bucket, path, thrown);
      } finally {
        stream.destroy();
      }
    },
  };
}

/** Google's other clients take STORAGE_EMULATOR_HOST for a host; this one takes it for the whole beginning of URLs. */
function atEmulator(client: Client): Client {
  const host = process.env['STORAGE_EMULATOR_HOST'];
  if (host !== undefined && !client.baseUrl.endsWith(API)) client.baseUrl = host.replace(/\/+$/, '') + API;
  return client;
}

function objectOf(bucket: string, path: string, size: string | number | undefined): StoredObject {
  return { bucket, path, sizeBytes: Number(size ?? 0) };
}

async function told<T>(bucket: string, path: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (thrown) {
    throw asCoded(bucket, path, thrown);
  }
}

function asCoded(bucket: string, path: string, thrown: unknown): CodedError {
  if (thrown instanceof CodedError) return thrown;
  const status = Number((thrown as { readonly code?: unknown }).code);
  const where = `bucket[${bucket}] path[${path}]`;
  if (status === 401 || status === 403 || status === 404) {
    return new CodedError('InvalidInput', `${where} is not there, or may not be read`, { status });
  }
  const reason = thrown instanceof Error ? thrown.message.slice(0, 200) : 'unknown';
  return new CodedError('Unavailable', `${where} can't be read: ${reason}`, {}, thrown);
}
