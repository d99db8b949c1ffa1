/** Druid's chat with a running task, under the paths of its process: what it told of itself last, a few seconds old. */
import { answerJson, type RestAnswer, type RestRoute } from '../rest-router.js';
import type { RestDeps } from './rest-deps.js';

const CHAT = '/druid/worker/v1/chat/{id}';

interface LivePayload {
  readonly rowStats?: { readonly movingAverages?: unknown };
  readonly unparseableEvents?: unknown;
}

export function chatRoutes(deps: RestDeps): RestRoute[] {
  const route = (path: string, answer: (payload: LivePayload, report: unknown) => RestAnswer): RestRoute => ({
    method: 'GET',
    path: `${CHAT}/${path}`,
    handle: ({ params }) => {
      const taskId = params['id'] ?? '';
      const text = deps.term().tasks.get(taskId)?.reportJson ?? '';
      if (text === '') return answerJson({ error: `Can't find chatHandler for handler[${taskId}]` }, 503);
      const report = JSON.parse(text) as { ingestionStatsAndErrors?: { payload?: LivePayload } };
      return answer(report.ingestionStatsAndErrors?.payload ?? {}, report);
    },
  });
  return [
    route('rowStats', ({ rowStats }) => answerJson(rowStats ?? {})),
    route('unparseableEvents', ({ unparseableEvents }) => answerJson(unparseableEvents ?? {})),
    route('liveReports', (_, report) => answerJson(report)),
    // Only those who read the rows themselves know how fast.
    route('mode', ({ rowStats }) =>
      answerJson(rowStats?.movingAverages === undefined ? 'parallel' : 'sequential'),
    ),
  ];
}
