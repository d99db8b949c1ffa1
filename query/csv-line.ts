/** Lines of csv. */

const QUOTE = '"';

/**
 * Cells of a line as opencsv cuts it for Druid: a cell that begins with a quote ends where a quote is followed by a
 * comma; quotes that match nothing stay in the text. Empty cells are null, quoted empty ones are not.
 */
export function splitQuoted(line: string): (string | null)[] {
  if (!line.includes(QUOTE)) return line.split(',').map((cell) => (cell === '' ? null : cell));
  const cells: (string | null)[] = [];
  let at = 0;
  while (at < line.length) {
    const comma = line.indexOf(',', at);
    const end = comma >= 0 && line.startsWith(QUOTE, at) ? cellEnd(line, at) : comma;
    cells.push(unquoted(end < 0 ? line.slice(at) : line.slice(at, end)));
    at = end < 0 ? line.length : end + 1;
  }
  if (line.endsWith(',')) cells.push(null);
  return cells;
}

/** Of the quoted cell that begins at `from`. */
function cellEnd(line: string, from: number): number {
  let quote = line.indexOf(QUOTE, from + 1);
  let isInside = false;
  while (quote >= 0 && quote < line.length - 1) {
    if (!isInside && line[quote + 1] === ',') return quote + 1;
    do {
      quote = line.indexOf(QUOTE, quote + 1);
      isInside = !isInside;
    } while (quote >= 0 && quote < line.length - 1 && line[quote + 1] === QUOTE);
  }
  return line.length;
}

function unquoted(cell: string): string | null {
  if (cell === '') return null;
  if (!cell.includes(QUOTE)) return cell;
  let inner = cell;
  if (cell.startsWith(QUOTE) && cell.indexOf(QUOTE) !== cell.lastIndexOf(QUOTE)) {
    inner = cell.slice(1, cell.endsWith(QUOTE) ? -1 : undefined);
  }
  return inner.replaceAll('""', QUOTE);
}
