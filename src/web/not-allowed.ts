import type { Response } from 'express';
import { html } from './html.ts';
import type { Viewer } from './parts/action-form.tsx';
import { page } from './parts/layout.tsx';

/** Answers with a page that says why the request is refused. The caller sets the status. */
export function refuse(response: Response, { message, who }: { message: string; who?: Viewer | undefined }): void {
  const body = html`<h1>Not allowed</h1><p class="empty">${message}</p>`;
  response.send(page({ title: 'Not allowed', body, ...(who && { at: '', who }) }));
}
