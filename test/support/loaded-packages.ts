/** An option of Node: when the process ends it prints which packages it has loaded, of those that are CommonJS. */
export const REPORT_PACKAGES = `--import=data:text/javascript,${encodeURIComponent(`
import { createRequire } from 'node:module';
process.on('exit', () => {
  const names = Object.keys(createRequire('/').cache).flatMap((path) => /.*[\\\\/]node_modules[\\\\/]((?:@[^\\\\/]+[\\\\/])?[^\\\\/]+)/.exec(path)?.[1] ?? []);
  console.log('LOADED ' + JSON.stringify([...new Set(names)]));
});`)}`;

export function loadedPackages(output: string): string[] {
  const names = /^LOADED (.*)$/m.exec(output)?.[1];
  if (names === undefined) throw new Error(`no list of packages in: ${output}`);
  return JSON.parse(names); // written above
}
