/** The small HTTP client of the command line: talks to a gateway, answers status and text. */
import { CodedError } from '../../proto/errors.js';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface GatewayClient {
  get(path: string): Promise<Answer>;
  post(path: string, body: string): Promise<Answer>;
}

export const defaultUrl = 'http://localhost:8888';

/** @throws CodedError Unavailable naming the address when nobody answers there. */
export function createGatewayClient(url: string): GatewayClient {
  const base = url.replace(/\/$/, '');
  const call = async (path: string, init: RequestInit): Promise<Answer> => {
    let response: Response;
    try {
      response = await fetch(base + path, init);
    } catch (error) {
      throw new CodedError(
        'Unavailable',
        `No Grove answers at url[${base}]; start one with npm start`,
        {},
        error,
      );
    }
    return { status: response.status, text: await response.text() };
  };
  return {
    get: (path) => call(path, { method: 'GET' }),
    post: (path, body) =>
      call(path, { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
  };
}
