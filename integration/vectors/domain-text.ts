/**
 * The informal texts by which vectors give what dimensions may hold: `a=c & b>=n`, `a in [e..f]`, `f<=a<p`, `a empty set`,
 * `none`; or an object with a text or `{"equals": …}` for each dimension.
 */
import { invalidInput } from '../../proto/errors.js';
import { TextRanges } from '../../segment/timeline/text-ranges.js';

export type Domains = ReadonlyMap<string, TextRanges>;

export function readDomain(json: unknown): Domains {
  if (typeof json === 'string') return conjunction(json);
  const domains = new Map<string, TextRanges>();
  for (const [name, value] of Object.entries((json ?? {}) as object)) domains.set(name, valueDomain(value));
  return domains;
}

function valueDomain(json: unknown): TextRanges {
  if (json === null) return TextRanges.point(null);
  if (typeof json === 'string') return rangeText(json) ?? TextRanges.point(json);
  if (Array.isArray(json)) return TextRanges.union(json.map(valueDomain));
  const object = json as Readonly<Record<string, unknown>>;
  if ('equals' in object) return TextRanges.point(textOrNull(object['equals']));
  if (Array.isArray(object['in'])) {
    return TextRanges.union(object['in'].map((each) => TextRanges.point(textOrNull(each))));
  }
  const limit = (name: string): string | null => textOrNull(object[name]);
  return TextRanges.between({
    lower: limit('lower'),
    lowerClosed: object['lowerClosed'] !== false,
    upper: limit('upper'),
    upperClosed: object['upperClosed'] !== false,
  });
}

const textOrNull = (json: unknown): string | null => (typeof json === 'string' ? json : null);

/** `[a..f]`, `(a..f)`, `{a,b}`, `(-∞..f]`. */
function rangeText(text: string): TextRanges | undefined {
  const set = /^\{(.*)\}$/su.exec(text);
  if (set !== null) {
    const texts = (set[1] ?? '').split(',').map((each) => each.trim());
    return TextRanges.union(texts.filter((each) => each !== '').map((each) => TextRanges.point(each)));
  }
  const range = /^([[(])(.*?)(?:\.\.|‥)(.*?)([\])])$/su.exec(text);
  if (range === null) return undefined;
  const [, open, lower = '', upper = '', close] = range;
  const limit = (given: string): string | null => (/^[-+]?(?:∞|)$/u.test(given) ? null : given);
  return TextRanges.between({
    lower: limit(lower),
    lowerClosed: open === '[',
    upper: limit(upper),
    upperClosed: close === ']',
  });
}

function conjunction(text: string): Domains {
  const domains = new Map<string, TextRanges>();
  if (/^(?:none|all|everything)?$/i.test(text.trim())) return domains;
  for (const part of text.split(/\s*(?:&|,| and )\s*(?![^[({]*[\])}])/)) {
    const [name, values] = clause(part.trim().replace(/^equals\s+/, ''));
    domains.set(name, domains.get(name)?.intersection(values) ?? values);
  }
  return domains;
}

const flipped: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

function clause(text: string): [name: string, values: TextRanges] {
  const empty = /^(\S+) (?:empty set|empty|is empty)$/.exec(text);
  if (empty !== null) return [empty[1] ?? '', TextRanges.nothing];
  const isNull = /^(\S+) ?(?:is|=) ?null$/i.exec(text);
  if (isNull !== null) return [isNull[1] ?? '', TextRanges.point(null)];
  const within = /^(\S+) in (.*)$/su.exec(text);
  if (within !== null) {
    const values = rangeText(within[2] ?? '');
    if (values !== undefined) return [within[1] ?? '', values];
  }
  const between = /^(\S+?)\s*(<=?|>=?)\s*(\S+?)\s*(<=?|>=?)\s*(\S+)$/su.exec(text);
  if (between !== null) {
    const [, low = '', first = '', name = '', second = '', high = ''] = between;
    return [name, compared(flipped[first] ?? '', low).intersection(compared(second, high))];
  }
  const single = /^(\S+?)\s*(<=|>=|=|<|>)\s*(.*)$/su.exec(text);
  if (single === null) throw invalidInput(`the domain[${text}] can't be read`, 'domain');
  const [, name = '', operator = '', value = ''] = single;
  return [name, compared(operator, value)];
}

function compared(operator: string, value: string): TextRanges {
  if (operator === '=') return TextRanges.point(value);
  const isUpper = operator.startsWith('<');
  const isClosed = operator.endsWith('=');
  return TextRanges.between({
    lower: isUpper ? null : value,
    lowerClosed: isClosed,
    upper: isUpper ? value : null,
    upperClosed: isClosed,
  });
}
