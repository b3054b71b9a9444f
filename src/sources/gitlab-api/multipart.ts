const PARTS_LIMIT = 50;

/** The fields of a multipart/form-data body (RFC 7578); undefined when it is none. Files count as text. */
export function parseMultipart(body: Buffer, contentType: string): ReadonlyMap<string, string> | undefined {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (!boundary) return undefined;
  const parts = body.toString('utf8').split(`--${boundary}`);
  if (parts.length < 2 || parts.length > PARTS_LIMIT || !parts.at(-1)?.startsWith('--')) return undefined;
  const fields = new Map<string, string>();
  for (const part of parts.slice(1, -1)) {
    const [head, value] = headAndValue(part);
    const name = nameIn(head);
    if (name !== undefined) fields.set(name, value);
  }
  return fields;
}

function headAndValue(part: string): readonly [string, string] {
  const end = part.indexOf('\r\n\r\n');
  if (end === -1) return [part, ''];
  const value = part.slice(end + 4);
  return [part.slice(0, end), value.endsWith('\r\n') ? value.slice(0, -2) : value];
}

function nameIn(head: string): string | undefined {
  const line = head.split('\r\n').find((one) => /^content-disposition:/i.test(one));
  return line && /;\s*name="([^"]*)"/i.exec(line)?.[1];
}
