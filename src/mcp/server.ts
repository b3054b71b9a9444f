import { readFileSync } from 'node:fs';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { asText, bounded, compact, DATA_NOTE } from './answer.ts';
import { type AnswerMessage, type Tool, type ToolParts, Unanswerable } from './tool.ts';
import { TOOLS } from './tools.ts';

const VERSION = String(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version);

const INSTRUCTIONS =
  'Shiplog records every deployment and other change, from every tool. Ask what_changed for what changed before a ' +
  'moment, running for what runs where, suspects for what may have caused an alert. Times are UTC, ISO 8601. ' +
  DATA_NOTE;

/** One server for each message: nothing is remembered between two. */
export function createMcpServer(parts: ToolParts, onError: (error: unknown) => void): AnswerMessage {
  const handler = createMcpHandler(
    () => {
      const server = new McpServer({ name: 'shiplog', version: VERSION }, { instructions: INSTRUCTIONS });
      for (const tool of TOOLS) {
        const { name, title, description, input: inputSchema } = tool;
        const annotations = { readOnlyHint: true, idempotentHint: true, openWorldHint: false };
        server.registerTool(name, { title, description, inputSchema, annotations }, (asked) =>
          call(tool, asked, { parts, onError }),
        );
      }
      return server;
    },
    // Nothing is sent later: there is nothing to subscribe to.
    { maxSubscriptions: 0 },
  );
  return (request, message) => handler.fetch(request, message === undefined ? {} : { parsedBody: message });
}

interface Calling {
  readonly parts: ToolParts;
  readonly onError: (error: unknown) => void;
}

async function call(tool: Tool, asked: unknown, { parts, onError }: Calling) {
  try {
    const found = await tool.run(parts, asked);
    // The same fields, fewer of them and masked.
    const answer = bounded(compact(parts.mask.value(found)) as Readonly<Record<string, unknown>>);
    const texts = [DATA_NOTE, asText(answer)];
    return { content: texts.map((text) => ({ type: 'text' as const, text })), structuredContent: answer };
  } catch (error) {
    if (!(error instanceof Unanswerable)) onError(error);
    const text =
      error instanceof Unanswerable
        ? parts.mask.text(error.message)
        : 'Something broke in Shiplog, or its Redis is away; its log says what. Ask again in a minute.';
    return { content: [{ type: 'text' as const, text }], isError: true };
  }
}
