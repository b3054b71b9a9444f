// Shows the last webhook of each source as it comes in. Without this script, reloading the page shows the same.

const LOOK_EVERY_MS = 2_000;

setInterval(async () => {
  if (document.hidden) return;
  const answer = await fetch('setup/last', { redirect: 'error' }).catch(() => undefined);
  if (!answer?.ok) return;
  const seen = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const fresh of seen.querySelectorAll('[data-last]')) {
    const shown = document.getElementById(fresh.id);
    // A link that has the keyboard focus must keep it.
    if (shown && !shown.contains(document.activeElement)) shown.replaceWith(fresh);
  }
}, LOOK_EVERY_MS);

// ---- what is pasted into a tool is copied by a button, also by keyboard

const COPIED_MS = 2_000;

/** By http there is no clipboard API: what is selected is copied. */
async function copy(place) {
  const text = place.textContent;
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  getSelection().selectAllChildren(place);
  if (!document.execCommand('copy')) throw new Error('the browser does not copy');
}

function copyButton(place, what) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'quiet';
  button.textContent = `Copy ${what}`;
  button.addEventListener('click', async () => {
    await copy(place).then(
      () => (button.textContent = 'Copied'),
      () => (button.textContent = 'Select and copy it'),
    );
    setTimeout(() => (button.textContent = `Copy ${what}`), COPIED_MS);
  });
  return button;
}

for (const line of document.querySelectorAll('.setup .copy')) {
  const [name, code] = line.children;
  line.append(' ', copyButton(code, name.textContent === 'URL' ? 'URL' : 'secret'));
}
for (const block of document.querySelectorAll('.setup pre')) block.before(copyButton(block, 'text'));
