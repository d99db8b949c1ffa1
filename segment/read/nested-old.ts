/** Paths of json columns as the first releases that had them spelled them: jq's form, `.a."b"[0]`. */

/** The same path in today's form, `$.a['b.c'][0]`; undefined when it is none. */
export function normalisedPath(jq: string): string | undefined {
  if (jq === '.') return '$';
  if (!jq.startsWith('.')) return undefined;
  let path = '$';
  const part = /\."(.*?)"(?=$|\.|\[)|\.?\[(\d+)\]|\.([^."[\]]+)/gsy;
  while (part.lastIndex < jq.length) {
    const found = part.exec(jq);
    if (found === null) return undefined;
    const [, quoted, position, bare] = found;
    path += position === undefined ? keyStep(quoted ?? bare ?? '') : `[${position}]`;
  }
  return path;
}

function keyStep(key: string): string {
  return key === '' || /[.'"[\]]/.test(key) ? `['${key}']` : `.${key}`;
}
