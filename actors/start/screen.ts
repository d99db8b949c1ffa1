/** What a person sees when Grove starts: one line a step, then the doors with an example each. */

export interface DoorAddresses {
  readonly http: string;
  readonly grpc: string;
  readonly nats: string;
  readonly cluster: string;
  /** A datasource to ask in the examples, once there is one. */
  readonly example: string;
}

export interface Screen {
  step(text: string): void;
  ready(doors: DoorAddresses, seconds: number): void;
  sample(text: string): void;
  stopping(): void;
  stopped(): void;
}

const query = (dataSource: string): string => `{"queryType":"timeBoundary","dataSource":"${dataSource}"}`;

/** The lines under "ready": pure, so that a test can read them. */
export function doorLines(doors: DoorAddresses): string[] {
  const { http, grpc, nats, cluster, example } = doors;
  const lines = [
    `HTTP  http://${http}   Druid's REST API`,
    `      curl -s http://${http}/druid/v2 -H 'content-type: application/json' -d '${query(example)}'`,
  ];
  if (grpc !== '') {
    const escaped = JSON.stringify({ query: query(example) });
    lines.push(
      `gRPC  ${grpc}   grove.query.v1.QueryService, reflection, health`,
      `      grpcurl -plaintext -d '${escaped}' ${grpc} grove.query.v1.QueryService/Native`,
    );
  }
  lines.push(
    `NATS  ${nats}   tasks`,
    `      nats --server '${nats}' req grove.${cluster}.task.submit "$(cat task.json)"`,
  );
  return lines;
}

export function createScreen(write: (text: string) => void): Screen {
  return {
    step: (text) => write(`  ${text}\n`),
    ready: (doors, seconds) => {
      write(`\nGrove is up after ${seconds.toFixed(1)} s. Ctrl-C stops it.\n\n`);
      for (const line of doorLines(doors)) write(`  ${line}\n`);
      write('\n');
    },
    sample: (text) => write(`  sample: ${text}\n`),
    stopping: () => write('\nstopping…\n'),
    stopped: () => write('stopped\n'),
  };
}
