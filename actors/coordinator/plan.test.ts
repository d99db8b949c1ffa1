import { expect } from 'chai';
import { makePlan, type CopyState, type InFlight, type PlanNode, type PlanSegment } from './plan.js';
import type { Verdict } from './rules.js';

/**
 * One case as text, a line each:
 *   segment ID DAY BYTES VERDICT [queryable|published] [loaded]     VERDICT: load=TIER:N,… | drop | none | broadcast
 *   node NAME TIER USED/CAPACITY [stale] [closed] [ID:STATE …]
 *   flight load|drop NODE ID
 *   kept ID                                                        the brokers still expect it
 *   perNode N
 *   asked NODE ID                                                  only such drops are thought of
 */
function plan(text: string): string[] {
  const used: PlanSegment[] = [];
  const nodes: PlanNode[] = [];
  const inFlight: InFlight[] = [];
  const kept = new Set<string>();
  const asked = new Set<string>();
  let loadsPerNodeMax = 100;
  for (const line of text.trim().split('\n')) {
    const [what, ...words] = line.trim().split(/\s+/);
    const [a = '', b = '', c = '', d = '', ...rest] = words;
    if (what === 'segment') {
      const day = Number(b) * 86_400_000;
      const overshadowed = rest.includes('queryable')
        ? 'queryable'
        : rest.includes('published')
          ? 'published'
          : 'no';
      used.push({
        id: a,
        dataSource: 'ds',
        startMs: day,
        endMs: day + 86_400_000,
        version: 'v',
        bytes: Number(c),
        verdict: verdictOf(d),
        overshadowed,
        loadedOnce: rest.includes('loaded'),
      });
    } else if (what === 'node') {
      const [usedBytes = 0, capacityBytes = 0] = c.split('/').map(Number);
      const tail = [d, ...rest].filter((word) => word !== '');
      nodes.push({
        name: a,
        tier: b,
        usedBytes,
        capacityBytes,
        fresh: !tail.includes('stale'),
        closed: tail.includes('closed'),
        copies: new Map(
          tail.filter((word) => word.includes(':')).map((word) => word.split(':') as [string, CopyState]),
        ),
      });
    } else if (what === 'flight') inFlight.push({ kind: a as 'load' | 'drop', node: b, segmentId: c });
    else if (what === 'kept') kept.add(a);
    else if (what === 'asked') asked.add(`${a} ${b}`);
    else if (what === 'perNode') loadsPerNodeMax = Number(a);
  }
  const made = makePlan({
    used,
    nodes,
    inFlight,
    released: (id) => !kept.has(id),
    ...(asked.size > 0 && { dropsAsked: (node: string, id: string) => asked.has(`${node} ${id}`) }),
    loadsPerNodeMax,
  });
  return made.commands.map((command) => `${command.kind} ${command.segmentId} ${command.node}`);
}

function verdictOf(text: string): Verdict {
  if (text === 'drop' || text === 'none' || text === 'broadcast') return { kind: text };
  const replicants: Record<string, number> = {};
  for (const pair of text.slice('load='.length).split(',')) {
    const [tier = '', count = '0'] = pair.split(':');
    if (tier !== '') replicants[tier] = Number(count);
  }
  return { kind: 'load', replicants };
}

const cases: readonly { readonly name: string; readonly given: string; readonly want: readonly string[] }[] =
  [
    {
      name: 'loads the newest first, each on the least loaded node',
      given: `segment old 1 10 load=t:1
            segment new 2 10 load=t:1
            node a t 50/100
            node b t 0/100`,
      want: ['load new b', 'load old b'],
    },
    {
      name: 'spreads by share of capacity, not by bytes',
      given: `segment s 1 10 load=t:1
            node big t 200/1000
            node small t 100/200`,
      want: ['load s big'],
    },
    {
      name: 'first copies of everything come before second copies',
      given: `segment s1 1 10 load=t:2
            segment s2 2 10 load=t:2
            node a t 0/100
            node b t 0/100`,
      want: ['load s2 a', 'load s1 b', 'load s2 b', 'load s1 a'],
    },
    {
      name: 'more copies than nodes: one each',
      given: `segment s 1 10 load=t:2
            node a t 0/100`,
      want: ['load s a'],
    },
    {
      name: 'a copy that loads, is served or is under way counts',
      given: `segment s 1 10 load=t:1
            segment u 2 10 load=t:1
            segment w 3 10 load=t:1
            node a t 0/100 s:loading u:served
            node b t 0/100
            flight load b w`,
      want: [],
    },
    {
      name: 'nothing fits: no command',
      given: `segment s 1 200 load=t:1
            node a t 0/100`,
      want: [],
    },
    {
      name: 'a full node is passed over with what is on its way counted',
      given: `segment s1 2 60 load=t:1
            segment s2 1 60 load=t:1
            node a t 0/100
            node b t 90/200`,
      want: ['load s1 a', 'load s2 b'],
    },
    {
      name: 'closed and unheard nodes get nothing',
      given: `segment s 1 10 load=t:1
            node a t 0/100 closed
            node b t 0/100 stale
            node c t 90/100`,
      want: ['load s c'],
    },
    {
      name: 'a node where it failed only when there is no other',
      given: `segment s 1 10 load=t:1
            segment r 2 10 load=u:1
            node a t 0/100 s:failed
            node b t 50/100
            node c u 0/100 r:failed`,
      want: ['load r c', 'load s b'],
    },
    {
      name: 'at most so many loads at a time on one node',
      given: `segment s1 1 1 load=t:1
            segment s2 2 1 load=t:1
            segment s3 3 1 load=t:1
            node a t 0/100 x:loading
            perNode 3`,
      want: ['load s3 a', 'load s2 a', 'drop x a'],
    },
    {
      name: 'a segment no longer used is dropped once the brokers have let go',
      given: `node a t 10/100 gone:served held:served
            kept held`,
      want: ['drop gone a'],
    },
    {
      name: 'overshadowed by what is queryable: dropped; by what is only published: kept where it is',
      given: `segment old 1 10 load=t:1 queryable loaded
            segment older 2 10 load=t:1 published loaded
            segment never 3 10 load=t:1 published
            node a t 10/100 old:served older:served`,
      want: ['drop old a'],
    },
    {
      name: 'a published-overshadowed segment that lost its copies is loaded again',
      given: `segment older 2 10 load=t:1 published loaded
            node a t 10/100`,
      want: ['load older a'],
    },
    {
      name: 'a drop rule drops, no replicas drop, no rule leaves alone',
      given: `segment d 1 10 drop
            segment z 2 10 load=t:0
            segment n 3 10 none
            node a t 30/100 d:served z:served n:served`,
      want: ['drop d a', 'drop z a'],
    },
    {
      name: 'the last copy of a used segment stays, whatever is asked for elsewhere',
      given: `segment s 1 10 load=hot:1 - loaded
            node a cold 10/100 s:served`,
      want: [],
    },
    {
      name: 'moving a tier: load there first',
      given: `segment s 1 10 load=hot:1 - loaded
            node a cold 10/100 s:served
            node b hot 0/100`,
      want: ['load s b'],
    },
    {
      name: 'moving a tier: drop only when the other copy is seen served',
      given: `segment s 1 10 load=hot:1 - loaded
            segment r 2 10 load=hot:1 - loaded
            node a cold 10/100 s:served r:served
            node b hot 0/100 s:loading r:served`,
      want: ['drop r a'],
    },
    {
      name: 'a copy on a node that is not heard does not count as seen',
      given: `segment s 1 10 load=t:1 - loaded
            node a t 10/100 s:served
            node b t 10/100 s:served stale`,
      want: [],
    },
    {
      name: 'a surplus copy leaves the fuller node, one only',
      given: `segment s 1 10 load=t:1 - loaded
            node a t 10/100 s:served
            node b t 50/100 s:served`,
      want: ['drop s b'],
    },
    {
      name: 'a drop under way is as good as gone: never two at once down to nothing',
      given: `segment s 1 10 load=t:1 - loaded
            node a t 10/100 s:served
            node b t 50/100 s:served
            flight drop b s`,
      want: [],
    },
    {
      name: 'broadcast: everywhere',
      given: `segment s 1 10 broadcast
            node a t 10/100 s:served
            node b u 50/100
            node c t 50/100`,
      want: ['load s c', 'load s b'],
    },
    {
      name: "realtime copies are nobody's to drop",
      given: 'node a t 10/100 s:realtime',
      want: [],
    },
  ];

describe('coordinator plan', () => {
  for (const { name, given, want } of cases) {
    it(name, () => expect(plan(given)).to.deep.equal(want));
  }

  it('counts what is missing by tier and datasource', () => {
    const made = makePlan({
      used: [
        {
          id: 's',
          dataSource: 'ds',
          startMs: 0,
          endMs: 1,
          version: 'v',
          bytes: 1,
          verdict: { kind: 'load', replicants: { t: 2 } },
          overshadowed: 'no',
          loadedOnce: true,
        },
      ],
      nodes: [
        {
          name: 'a',
          tier: 't',
          capacityBytes: 9,
          usedBytes: 1,
          fresh: true,
          closed: false,
          copies: new Map([['s', 'served']]),
        },
      ],
      inFlight: [],
      released: () => true,
      loadsPerNodeMax: 1,
    });
    expect(made.missing.get('t')?.get('ds')).to.equal(1);
  });

  it('drops again only what is asked for, and only while another copy is seen', () => {
    const segment = 'segment s 1 10 load=_default_tier:1 loaded';
    const a = 'node a _default_tier 90/100 s:served';
    const asked = 'asked b s';
    expect(plan([segment, a, 'node b _default_tier 10/100 s:served', asked].join('\n'))).to.deep.equal([
      'drop s b',
    ]);
    const alone = [segment, 'node a _default_tier 90/100', 'node b _default_tier 10/100 s:served', asked];
    expect(plan(alone.join('\n'))).to.deep.equal([]);
  });
});
