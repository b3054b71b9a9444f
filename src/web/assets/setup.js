// The answers to what a source sends, as they come. Without script the page is whole when it is loaded again.

const LOOK_EVERY_MS = 2_000;

setInterval(async () => {
  if (document.hidden) return;
  const answer = await fetch('setup/last', { redirect: 'error' }).catch(() => undefined);
  if (!answer?.ok) return;
  const seen = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const fresh of seen.querySelectorAll('[data-last]')) {
    const shown = document.getElementById(fresh.id);
    // Whoever stands on its link by keyboard must not be thrown off it.
    if (shown && !shown.contains(document.activeElement)) shown.replaceWith(fresh);
  }
}, LOOK_EVERY_MS);
