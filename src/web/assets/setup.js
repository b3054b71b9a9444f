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
