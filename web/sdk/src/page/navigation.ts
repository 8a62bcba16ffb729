/** Page views: of documents, and of the pages that a single-page application makes of one. */

/** An address without the fragment, unless that is the application's own path. */
export const pageOf = (url: string): string => url.replace(/#(?![/!]).*$/, "");

/** Calls `moved` when the address has become another page's without a new document. */
export function watchAddress(window: Window, moved: () => void): void {
  const { history } = window;
  const push = history.pushState.bind(history);
  // replaceState is how applications tidy their address up; a page that they go to is pushed.
  history.pushState = (...parts) => {
    push(...parts);
    moved();
  };
  window.addEventListener("popstate", moved);
  window.addEventListener("hashchange", moved);
}
