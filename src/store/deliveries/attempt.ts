/** One attempt at one sink, for the person who asks for its outcome. */
export interface Attempt {
  readonly at: string;
  readonly state: string;
  readonly outcome: 'delivered' | 'failed' | 'unwanted';
  readonly words: string;
  readonly status?: number;
}
