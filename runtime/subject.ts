/**
 * Bus subjects: tokens separated by dots; in patterns `*` is one token and a last `>` one or more.
 */
import { invalidInput } from '../proto/errors.js';

/**
 * Any name as one subject token: ASCII letters, digits, `_` and `-` stay, every other byte of its UTF-8 form becomes
 * `=XX`. The empty name is `=`.
 */
export function subjectToken(name: string): string {
  if (name === '') return '=';
  let token = '';
  for (const byte of Buffer.from(name, 'utf8')) {
    const char = String.fromCharCode(byte);
    token += /[A-Za-z0-9_-]/.test(char) ? char : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return token;
}

/** Does the pattern cover the subject? */
export function subjectMatches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const given = subject.split('.');
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '>') return given.length > i;
    if (i >= given.length || (wanted[i] !== '*' && wanted[i] !== given[i])) return false;
  }
  return wanted.length === given.length;
}

/** InvalidInput unless every token is non-empty and, in a subject to publish on, free of wildcards. */
export function checkSubject(subject: string, kind: 'subject' | 'pattern'): void {
  const tokens = subject.split('.');
  tokens.forEach((token, i) => {
    const wildcard = token === '*' || (token === '>' && i === tokens.length - 1);
    const plain = token !== '' && !/[\s*>]/.test(token);
    if (!(plain || (kind === 'pattern' && wildcard))) {
      throw invalidInput(`${kind}[${subject}] is not a valid bus ${kind}`, kind);
    }
  });
}
