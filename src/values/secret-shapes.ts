/**
 * Secrets that are recognised by their shape, wherever they are: somebody pastes a token into a commit message, or a
 * clone URL with its password into a manifest. Each expression is linear (test/values/patterns.test.ts): it begins with
 * a literal, and what follows is bounded or cannot begin again within itself.
 */
const SHAPES: readonly RegExp[] = [
  /gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|oas|ffct|wt)-[\w.-]{8,}/g, // GitLab
  /AT(?:ATT|CTT|STT|BB)[\w=+/-]{10,}/g, // Atlassian, Bitbucket
  /xox[a-z](?:-|\.)[\w.-]{8,}|xapp-[\w-]{8,}/g, // Slack
  /(?:AKIA|ASIA)[A-Z0-9]{12,}/g, // AWS access key id
  /gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}/g, // GitHub
  /(?<![\w-])eyJ[\w-]{6,}\.eyJ[\w-]{6,}(?:\.[\w-]*)?/g, // JSON Web Token
  /(?:npm|dckr_pat|sk_live|rk_live|dop_v1|hvs)[_.][\w-]{16,}|sk-(?:ant|proj)-[\w-]{16,}|HRKU-[\w-]{16,}/g,
  /(?:whsec|glsa|glc|sntry[su]|shpat)_[\w+/=-]{16,}|NRAK-\w{16,}/g, // signing secrets, Grafana, Sentry, New Relic
  /AIza[\w-]{30,}|pypi-[\w-]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}/g, // Google, PyPI, SendGrid
];

/** A secret after its telltale name; the name is kept. */
const AFTER_NAME: readonly RegExp[] = [
  /(aws_?secret_?(?:access_?)?key(?:\\?["'])?[ \t]{0,4}[=:][ \t]{0,4}(?:\\?["'])?)[A-Za-z0-9/+=]{12,}/gi,
  /(\b(?:bearer|basic) {1,4})[\w.~+/=-]{16,}/gi,
  /([?&#;](?:[\w-]{0,40}(?:token|secret|passw(?:or)?d|passphrase|(?:api|access|private|secret)[_-]?key|signature|credentials?|authorization|session[_-]?id)|x-(?:amz|goog)-[\w-]{1,40}|sig|key|auth|jwt|pass|pwd|session)=)[^\s&#;"'<>\\]+/gi,
  /(hooks\.slack\.com\/(?:services|triggers|workflows)\/)[\w/-]{8,}/gi,
  /(hooks\.zapier\.com\/hooks\/catch\/|webhook\.office\.com\/webhookb2\/)[\w/@-]{8,}/gi,
  /(discord(?:app)?\.com\/api\/webhooks\/\d{1,30}\/|api\.telegram\.org\/bot\d{1,30}:)[\w-]{8,}/gi,
  /(\bcookie: {0,4}[^\s=;:"'\\]{1,100}=)[^\r\n"'\\]{8,}/gi, // with all that follow
  /(\bauthorization: {0,4}(?:[\w-]{1,30} {1,4})?)[\w.~+/=-]{16,}/gi,
  /( -u {0,4}["']?[^\s:"'\\]{1,60}:)[^\s"'\\]{8,}/g, // curl
  // As logs, command lines and settings write it: `db.password=…`, `Api-Key: …`, `"token":"…"`, `--token …`. A word
  // is no secret (`token: expires too early`), and a name that goes on is none (`token:1.24` of an image).
  /((?:passw(?:or)?d|passphrase|token|secret|(?:api|access|account|auth|private)[_-]?key)(?:\\{0,8}["'])?(?:[ \t]{0,4}=>?|>|:(?=[\s"'\\])|(?<=--[\w-]{1,60}) )[ \t]{0,4}(?:\\{0,8}["'])?)(?![$<{*])(?=[^\s"'\\,;&<>()[\]{}]{0,200}\d)[^\s"'\\,;&<>()[\]{}]{8,}/gi,
];

/** `https://user:password@host`: without them it is still an address. */
const USER_INFO: readonly RegExp[] = [
  /(:\/\/)[^\s/?#"'<>\\:@]*:[^\s/?#"'<>\\]*@/g,
  /(https?:\/\/)[^\s/?#"'<>\\]*@/gi, // the user alone may be the token
];

/**
 * Searched for first: most texts contain none of these. Each alternative begins with its rarest character and looks
 * back from there, which scans a text three times as fast as the shapes from their beginnings.
 */
const SHAPE_SIGNS =
  /-(?<=(?:gl[a-z]{2,5}|xox[a-z]|xapp|sk-ant|sk-proj|HRKU|NRAK|pypi|PRIVATE KEY|KEY BLOCK)-)|_(?<=gh[pousr]_|github_pat_|(?:npm|dckr_pat|[sr]k_live|dop_v1|hvs|whsec|glsa|glc|sntry[su]|shpat)_)|\.(?<=(?:xox[a-z]|SG|npm|dckr_pat|[sr]k_live|dop_v1|hvs|hooks|webhook|discord|discordapp|telegram)\.)| (?<=(?:[bB][eE][aA][rR][eE][rR]|[bB][aA][sS][iI][cC]) )|A(?:T(?:ATT|CTT|STT|BB)|[KS]IA[A-Z0-9]|Iza)|J(?<=eyJ)|[wW][sS]_?[sS][eE][cC](?<=[aA][wW][sS]_?[sS][eE][cC])/;

/** An address with a user, also in JSON, where a slash and an ampersand may be escaped. */
const USER_INFO_BEGINS = /:(?:\\?\/){2}(?:[^\s/?#"'<>\\]|\\+u0026)*@/;

const PARAMETER_BEGINS =
  /(?:[?&#;]|u0026)[\w-]{0,40}(?:token|secret|pass|pwd|key|signature|credential|sig|auth|jwt|amz|goog|session)[\w-]{0,40}=/i;

/** A part of each name: it is found in a thirtieth of the time that the names take. */
const NAME_SIGN =
  /[oO][kK](?:[eE][nN]|[iI][eE])|[_\-iIsStThHeE][kK][eE][yY]|[cC][rR][eE][tT]|[aA][sS][sS][wWpP]|[rR][iI][zZ][aA]/;
/** A name of a secret, and what separates it from its value. */
const NAME_BEGINS =
  /(?:passw(?:or)?d|passphrase|token|secret|(?:api|access|account|auth|private)[_-]?key)(?:\\{0,8}["'])?(?:[ \t]{0,4}[=:>]|(?<=--[\w-]{1,60}) )|cookie: |authorization: /i;

/** A character that occurs in secrets and addresses, percent-encoded. */
const ENCODED_SIGN = /%(?:2[0-9a-f]|3[a-f]|40|5[bd])/i;

/** A search for one character is far cheaper than an expression, and most texts have none of the three. */
export const mayHoldSecret = (text: string): boolean =>
  SHAPE_SIGNS.test(text) ||
  (NAME_SIGN.test(text) && NAME_BEGINS.test(text)) ||
  text.includes(' -u') ||
  (text.includes('@') && USER_INFO_BEGINS.test(text)) ||
  (text.includes('=') && PARAMETER_BEGINS.test(text)) ||
  (text.includes('%') && ENCODED_SIGN.test(text));

export const MASKED = '[secret]';

/** The text without its secrets. Returns the same text where there are none. */
export function hideSecrets(text: string): string {
  if (!mayHoldSecret(text)) return text;
  const shown = hideShown(text);
  // A line of JSON is not decoded: it might be none any more then.
  if (!ENCODED_SIGN.test(shown) || shown.startsWith('{"')) return shown;
  // A name became part of an address.
  const decoded = decodedOrNothing(shown);
  const hidden = decoded === undefined ? shown : hideShown(decoded);
  return hidden === decoded ? shown : hidden;
}

/** Replaces names of fields that hold a secret, in place. Of several that become equal each keeps its value. */
export function hideNames(holder: object, hide: (text: string) => string): void {
  const fields = holder as Record<string, unknown>; // what JSON.parse gives
  for (const name of Object.keys(fields)) {
    const shown = hide(name);
    if (shown === name) continue;
    const value = fields[name];
    delete fields[name];
    fields[Object.hasOwn(fields, shown) ? `${shown} ${Object.keys(fields).length}` : shown] = value;
  }
}

function decodedOrNothing(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a lone "%"
  }
}

function hideShown(text: string): string {
  const bare = USER_INFO.reduce((so, shape) => so.replace(shape, '$1'), hidePrivateKeys(text));
  const named = AFTER_NAME.reduce((so, shape) => so.replace(shape, `$1${MASKED}`), bare);
  return SHAPES.reduce((so, shape) => so.replace(shape, MASKED), named);
}

const BEGIN = '-----BEGIN ';
const END = '-----END ';
const DASHES = '-----';
const PRIVATE_LABEL = /PRIVATE KEY(?: BLOCK)?-/; // PGP calls it a block
const LONGEST_LABEL = 60; // `-----BEGIN ENCRYPTED PRIVATE KEY-----` and longer ones

/** PEM. A block that never ends was cut: everything that follows belongs to it, up to the end of the string in JSON. */
function hidePrivateKeys(text: string): string {
  let kept = '';
  let at = 0;
  for (let begin = text.indexOf(BEGIN); begin >= 0; begin = text.indexOf(BEGIN, begin + 1)) {
    if (begin < at) continue;
    if (!PRIVATE_LABEL.test(text.slice(begin, begin + LONGEST_LABEL))) continue;
    kept += `${text.slice(at, begin)}${MASKED}`;
    at = endOfKey(text, begin);
  }
  return kept + text.slice(at);
}

function endOfKey(text: string, begin: number): number {
  const quote = text.indexOf('"', begin);
  const limit = quote < 0 ? text.length : quote;
  const end = text.indexOf(END, begin);
  const close = end < 0 || end > limit ? -1 : text.indexOf(DASHES, end + END.length);
  return close < 0 ? limit : close + DASHES.length;
}
