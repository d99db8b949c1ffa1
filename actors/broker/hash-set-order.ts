/**
 * The order in which Java's HashSet hands out texts that were added in the order given: Druid answers some lists that
 * way, and clients have seen them so for years. Pure.
 */
const capacityMin = 16;
const loadMost = 0.75;

export function hashSetOrder(texts: readonly string[]): string[] {
  const distinct = [...new Set(texts)];
  let capacity = capacityMin;
  while (distinct.length > capacity * loadMost) capacity *= 2;
  const slotOf = (text: string): number => spread(hashOf(text)) & (capacity - 1);
  // Texts of one slot stay in the order they came in; the sort is stable.
  return distinct
    .map((text) => ({ text, slot: slotOf(text) }))
    .sort((a, b) => a.slot - b.slot)
    .map(({ text }) => text);
}

/** String.hashCode, over UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

const spread = (hash: number): number => hash ^ (hash >>> 16);
