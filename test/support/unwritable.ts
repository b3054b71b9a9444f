type Command = readonly [string, ...string[]];
type Wrap = (command: Command) => Command;

const to =
  (redirection: (dir: string) => string) =>
  (dir: string): Wrap =>
  (command) => ['bash', '-c', `${redirection(dir)}`, ...command];

/** Standard outputs that take nothing, each as a way to start a process with it. `dir`: where a pipe may be made. */
export const UNWRITABLE: Readonly<Record<string, (dir: string) => Wrap>> = {
  'a full disk': to(() => 'exec "$0" "$@" > /dev/full'),
  'a full disk, standard error too': to(() => 'exec "$0" "$@" > /dev/full 2>&1'),
  'a pipe whose reader has ended': to(() => 'exec "$0" "$@" > >(true)'),
  // The bridge holds the reading end itself, as descriptor 9, so that it stays open.
  'a pipe that nobody reads': to((dir) => `mkfifo '${dir}/log'; exec 9<>'${dir}/log'; exec "$0" "$@" > '${dir}/log'`),
};
