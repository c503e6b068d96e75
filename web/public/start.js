// Runs before the first paint, so that a dark page never flashes white. Kept out of index.html because the
// content security policy allows no inline script.
(() => {
  let choice = 'auto';
  try {
    choice = localStorage.getItem('steward-color-scheme') ?? 'auto';
  } catch {
    // Storage is blocked: the system's preference decides.
  }
  const dark =
    choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
  // The scroll lock behind drawers and dialogs writes a <style>; it looks for its nonce under this name.
  globalThis.__webpack_nonce__ = document.querySelector('meta[name="csp-nonce"]').content;
})();
