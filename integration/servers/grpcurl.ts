/** The real grpcurl. */
import type { skipBecause } from '../skips.js';
import { goTool } from './go-tools.js';

export function grpcurlBinary(context: Parameters<typeof skipBecause>[0]): Promise<string> {
  const module = 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3';
  return goTool(context, { name: 'grpcurl', variable: 'GRPCURL', module });
}
