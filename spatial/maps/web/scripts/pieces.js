// Long work in short pieces: between two pieces the browser paints and answers.

/** @typedef {{ pieces: number, steps: number, most: number }} Progress pieces and steps done, and the most handled in a step */
/** @typedef {Generator<number, void, void>} Work yields how many vertices or objects it has handled since it last did */

const BUDGET_MS = 30;

/**
 * Run work in pieces of a few milliseconds.
 *
 * @param {Work} work
 * @returns {{ done: Promise<Progress>, progress: Progress }}
 */
export function runInPieces(work) {
  const progress = { pieces: 0, steps: 0, most: 0 };
  // Not a timer: those of a page in the background wait for a second each.
  const channel = new MessageChannel();
  const done = new Promise((resolve, reject) => {
    function piece() {
      const begin = performance.now();
      progress.pieces += 1;
      try {
        do {
          const step = work.next();
          if (step.done) { channel.port1.close(); resolve(progress); return; }
          progress.steps += 1;
          progress.most = Math.max(progress.most, step.value || 0);
        } while (performance.now() - begin < BUDGET_MS);
      } catch (error) { reject(error); throw error; }
      channel.port2.postMessage(null);
    }
    channel.port1.onmessage = piece;
    channel.port2.postMessage(null);
  });
  done.catch(() => {}); // thrown in the piece, where the console shows it
  return { done, progress };
}
