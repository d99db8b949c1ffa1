/** The JSON in front of every column file. */
import type { Cursor } from './bytes.js';

export interface DescriptorPart {
  readonly type: string;
  readonly byteOrder?: string;
  readonly bitmapSerdeFactory?: { readonly type?: string };
  readonly typeName?: string;
  readonly numRows?: number;
  readonly logicalType?: string;
  readonly hasNulls?: boolean;
  readonly isVariantType?: boolean;
  readonly enforceLogicalType?: boolean;
  readonly pathParserVersion?: number;
  readonly columnFormatSpec?: ColumnFormatSpec | null;
}

export interface ColumnFormatSpec {
  readonly bitmapEncoding?: { readonly type?: string } | null;
  readonly objectStorageEncoding?: string | null;
  readonly longFieldBitmapIndexType?: { readonly type?: string } | null;
  readonly doubleFieldBitmapIndexType?: { readonly type?: string } | null;
}

export interface ColumnDescriptor {
  readonly valueType: string;
  readonly hasMultipleValues: boolean;
  readonly part: DescriptorPart;
}

/** Columns are opened once a query, and few descriptors differ: texts that were read before are known. */
const known = new Map<string, ColumnDescriptor>();
const knownMax = 500;

/** Reads the descriptor and leaves the cursor at the body. Throws CorruptSegment. */
export function readDescriptor(cursor: Cursor): ColumnDescriptor {
  const start = cursor.at;
  const text = cursor.str32('column descriptor');
  const before = known.get(text);
  if (before !== undefined) return before;
  const descriptor = parseDescriptor(cursor, start, text);
  if (known.size < knownMax) known.set(text, descriptor);
  return descriptor;
}

function parseDescriptor(cursor: Cursor, start: number, text: string): ColumnDescriptor {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw cursor.fail('the column descriptor is not JSON', start);
  }
  if (typeof json !== 'object' || json === null)
    throw cursor.fail('the column descriptor is no object', start);
  const { valueType, hasMultipleValues, parts } = json as Record<string, unknown>;
  const part = Array.isArray(parts) && parts.length === 1 ? (parts[0] as unknown) : undefined;
  if (typeof part !== 'object' || part === null || typeof (part as DescriptorPart).type !== 'string') {
    throw cursor.fail('the column descriptor has not one part', start);
  }
  return {
    valueType: typeof valueType === 'string' ? valueType : '',
    hasMultipleValues: hasMultipleValues === true,
    part: part as DescriptorPart,
  };
}

export function bitmapOf(part: DescriptorPart): 'roaring' | 'concise' {
  const type = part.columnFormatSpec?.bitmapEncoding?.type ?? part.bitmapSerdeFactory?.type;
  return type === 'roaring' ? 'roaring' : 'concise';
}
