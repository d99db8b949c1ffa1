/** A thread that writes and merges segments: one piece of work after another. */
import { parentPort } from 'node:worker_threads';
import { toErrorInfo, type ErrorInfoShape } from '../proto/errors.js';
import { collectGarbage } from './garbage.js';
import { PartMerger } from './part-merger.js';
import { doSegmentWork, type SegmentWork } from './segment-work.js';

export type SegmentReply = { readonly rowCount: number } | { readonly error: ErrorInfoShape };

const port = parentPort;
if (port === null) throw new Error('ingest/segment-thread runs as a worker thread');
const merger = new PartMerger();

function reply(work: SegmentWork): SegmentReply {
  try {
    if (work.kind === 'merge') collectGarbage();
    return { rowCount: doSegmentWork(work, merger) };
  } catch (thrown) {
    return { error: toErrorInfo(thrown) };
  }
}

port.on('message', (work: SegmentWork) => port.postMessage(reply(work)));
