/** One attempt at one sink, for the person who asks what became of it. */
export interface Attempt {
  readonly at: string;
  readonly state: string;
  readonly outcome: 'delivered' | 'failed' | 'unwanted';
  readonly words: string;
  readonly status?: number;
}
