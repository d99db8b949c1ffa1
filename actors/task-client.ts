/** Submits tasks to the leading overlord, for roles that start some of their own. */
import { CodedError, fromErrorInfo } from '../proto/errors.js';
import { TaskService } from '../proto/services.js';
import type { Node } from '../runtime/types.js';

const submitMs = 20_000;

/**
 * Answers the task's id. Errors: what the overlord refused it with; Unavailable while there is no leader, and when the
 * call was lost (the task may then have been taken: a task with an id of its own can be submitted again).
 */
export function createTaskSubmitter(
  node: Pick<Node, 'presence' | 'transport' | 'deadline'>,
): (taskJson: string) => Promise<string> {
  return async (taskJson) => {
    const leader = node.presence.leader('overlord');
    if (leader === undefined) throw new CodedError('Unavailable', 'No overlord leads just now');
    const options = { deadline: node.deadline(submitMs) };
    const client = node.transport.client(leader.grpcAddress);
    const result = await client.unary(TaskService.Submit, { taskJson }, options);
    if (result.error !== undefined && result.error !== null) throw fromErrorInfo(result.error);
    return result.taskId ?? '';
  };
}
