const PARTS_LIMIT = 50; // a webhook has one or two

export type FormField = readonly [name: string, value: string];

/** The fields of a multipart/form-data body (RFC 7578); undefined when it is none. Files count as text. */
export function parseMultipart(body: Buffer, contentType: string): readonly FormField[] | undefined {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (!boundary) return undefined;
  const parts = body.toString('utf8').split(`--${boundary}`);
  if (parts.length < 2 || parts.length > PARTS_LIMIT || !parts.at(-1)?.startsWith('--')) return undefined;
  return parts.slice(1, -1).flatMap((part) => {
    const [head, value] = headAndValue(part);
    const name = nameIn(head);
    return name === undefined ? [] : [[name, value] as const];
  });
}

function headAndValue(part: string): readonly [head: string, value: string] {
  const end = part.indexOf('\r\n\r\n');
  if (end === -1) return [part, ''];
  const value = part.slice(end + 4);
  return [part.slice(0, end), value.endsWith('\r\n') ? value.slice(0, -2) : value];
}

function nameIn(head: string): string | undefined {
  const line = head.split('\r\n').find((one) => /^content-disposition:/i.test(one));
  return line && /;\s*name="([^"]*)"/i.exec(line)?.[1];
}
