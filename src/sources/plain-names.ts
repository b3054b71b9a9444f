import type { NewChangeRecord } from '../domain/change-record.ts';
import { eachRecord } from './each-record.ts';
import type { Source } from './source.ts';

/**
 * A source whose services and environments have one name where senders write it in two ways that look the same: an
 * accent as a character of its own, as file names of macOS have it, or with characters that nobody sees.
 */
export const namingPlainly = (source: Source): Source => eachRecord(source, withPlainNames);

function withPlainNames(record: NewChangeRecord): NewChangeRecord {
  const { service, environment } = record;
  if (isPlain(service) && isPlain(environment.name)) return record;
  return { ...record, service: plainName(service), environment: { ...environment, name: plainName(environment.name) } };
}

const isPlain = (name: string): boolean => /^[\x20-\x7e]*$/.test(name);

/** Joiners stay: letters of some languages, and emoji, consist of several with one between them. */
const UNSEEN = /[\u00ad\u200b\u200e\u200f\u2060\ufeff]/g;

function plainName(name: string): string {
  const seen = name
    .normalize('NFC')
    .replace(UNSEEN, '')
    .replace(/[\u00a0\u202f]/g, ' ')
    .trim();
  return seen === '' ? name : seen;
}
