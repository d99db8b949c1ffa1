/** One line of comma-separated values. */
/** RFC 4180 within a line; undefined when a quote does not end. */
export function splitQuoted(line: string): (string | null)[] | undefined {
  if (!line.includes('"')) return line.split(',').map((cell) => (cell === '' ? null : cell));
  const cells: (string | null)[] = [];
  let at = 0;
  for (;;) {
    if (line.charCodeAt(at) === 0x22) {
      const end = closingQuote(line, at + 1);
      if (end < 0) return undefined;
      const comma = line.indexOf(',', end + 1);
      const stop = comma < 0 ? line.length : comma;
      // Text between the closing quote and the comma belongs to the value, as opencsv has it.
      cells.push(line.slice(at + 1, end).replaceAll('""', '"') + line.slice(end + 1, stop));
      if (comma < 0) return cells;
      at = comma + 1;
    } else {
      const comma = line.indexOf(',', at);
      const cell = comma < 0 ? line.slice(at) : line.slice(at, comma);
      cells.push(cell === '' ? null : cell);
      if (comma < 0) return cells;
      at = comma + 1;
    }
  }
}

function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 2)) {
    if (line.charCodeAt(at + 1) !== 0x22) return at;
  }
  return -1;
}
