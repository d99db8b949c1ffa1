/** Types that Druid gets from extensions which are not here: refused by name, not as unknown. */

interface Extension {
  readonly name: string;
  readonly aggregators: readonly string[];
  readonly postAggregators: readonly string[];
  readonly filters?: readonly string[];
}

const kllResults = ['CDF', 'Histogram', 'PMF', 'Quantile', 'Quantiles', 'Rank', 'String'];

const extensions: readonly Extension[] = [
  {
    name: 'druid-datasketches',
    aggregators: [
      'HLLSketch',
      'HLLSketchBuild',
      'HLLSketchMerge',
      'KllDoublesSketch',
      'KllDoublesSketchMerge',
      'KllFloatsSketch',
      'KllFloatsSketchMerge',
      'arrayOfDoublesSketch',
      'quantilesDoublesSketch',
      'quantilesDoublesSketchMerge',
      'sketchBuild',
      'sketchMerge',
      'thetaSketch',
    ],
    postAggregators: [
      'HLLSketchEstimate',
      'HLLSketchEstimateWithBounds',
      'HLLSketchToString',
      'HLLSketchUnion',
      ...kllResults.map((result) => `KllDoublesSketchTo${result}`),
      ...kllResults.map((result) => `KllFloatsSketchTo${result}`),
      'arrayOfDoublesSketchConstant',
      'arrayOfDoublesSketchSetOp',
      'arrayOfDoublesSketchTTest',
      'arrayOfDoublesSketchToBase64String',
      'arrayOfDoublesSketchToEstimate',
      'arrayOfDoublesSketchToEstimateAndBounds',
      'arrayOfDoublesSketchToMeans',
      'arrayOfDoublesSketchToMetricsSumEstimate',
      'arrayOfDoublesSketchToNumEntries',
      'arrayOfDoublesSketchToQuantilesSketch',
      'arrayOfDoublesSketchToString',
      'arrayOfDoublesSketchToVariances',
      ...kllResults.map((result) => `quantilesDoublesSketchTo${result}`),
      'sketchEstimate',
      'sketchSetOper',
      'thetaSketchConstant',
      'thetaSketchEstimate',
      'thetaSketchSetOp',
      'thetaSketchToString',
    ],
  },
  {
    name: 'druid-histogram',
    aggregators: ['approxHistogram', 'approxHistogramFold', 'fixedBucketsHistogram'],
    postAggregators: ['buckets', 'customBuckets', 'equalBuckets', 'max', 'min', 'quantile', 'quantiles'],
  },
  {
    name: 'druid-stats',
    aggregators: ['variance', 'varianceFold'],
    postAggregators: ['pvalue2tailedZtest', 'stddev', 'zscore2sample'],
  },
  {
    name: 'druid-bloom-filter',
    aggregators: ['bloom', 'bloomMerge'],
    postAggregators: [],
    filters: ['bloom'],
  },
  {
    name: 'druid-tdigestsketch',
    aggregators: ['tDigestSketch'],
    postAggregators: ['quantileFromTDigestSketch', 'quantilesFromTDigestSketch'],
  },
  {
    name: 'druid-momentsketch',
    aggregators: ['momentSketch', 'momentSketchMerge'],
    postAggregators: ['momentSketchMax', 'momentSketchMin', 'momentSketchSolveQuantiles'],
  },
  {
    name: 'druid-ddsketch',
    aggregators: ['ddSketch'],
    postAggregators: ['quantileFromDDSketch', 'quantilesFromDDSketch'],
  },
  {
    name: 'druid-spectator-histogram',
    aggregators: ['spectatorHistogram', 'spectatorHistogramDistribution', 'spectatorHistogramTimer'],
    postAggregators: [
      'countSpectatorHistogram',
      'percentileSpectatorHistogram',
      'percentilesSpectatorHistogram',
    ],
  },
  { name: 'druid-distinctcount', aggregators: ['distinctCount'], postAggregators: [] },
  {
    name: 'druid-compressed-bigdecimal',
    aggregators: [
      'compressedBigDecimal',
      'compressedBigDecimalMax',
      'compressedBigDecimalMin',
      'compressedBigDecimalSum',
    ],
    postAggregators: [],
  },
  { name: 'druid-time-min-max', aggregators: ['timeMax', 'timeMin'], postAggregators: [] },
  {
    name: 'druid-exact-count-bitmap',
    aggregators: ['Bitmap64ExactCountBuild', 'Bitmap64ExactCountMerge'],
    postAggregators: ['bitmap64ExactCount'],
  },
];

/** `family`: aggregator, post-aggregator or filter. Undefined: no type of an extension that is known here. */
export function extensionOf(family: string, type: string): string | undefined {
  const has = ({ aggregators, postAggregators, filters = [] }: Extension): boolean => {
    if (family === 'aggregator') return aggregators.includes(type);
    return (family === 'post-aggregator' ? postAggregators : family === 'filter' ? filters : []).includes(
      type,
    );
  };
  return extensions.find(has)?.name;
}
