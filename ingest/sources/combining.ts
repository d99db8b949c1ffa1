/** combining: several sources read one after another with the same format. */
import type { InputEntity } from './input-entity.js';
import type { InputSource, SourceKind } from './source.js';

export const combiningSource: SourceKind = {
  type: 'combining',
  parse(keys, nested) {
    const list = keys.list('delegates') ?? [];
    if (list.length === 0) throw keys.wrong('delegates', 'must hold at least one input source');
    const delegates: InputSource[] = list.map((item, i) => {
      const path = `${keys.at('delegates')}[${i}]`;
      const delegate = nested(keys.item(item, path));
      if (delegate.readsSegments === true || delegate.type === 'combining') {
        throw keys.wrong('delegates', `can't hold sources of type[${delegate.type}]`);
      }
      return delegate;
    });
    keys.leftovers();
    return {
      type: 'combining',
      check: (inputDirs) => {
        for (const delegate of delegates) delegate.check?.(inputDirs);
      },
      open: async (deps) => {
        const all: InputEntity[] = [];
        for (const delegate of delegates) all.push(...(await delegate.open(deps)));
        return all;
      },
    };
  },
};
