// Long work in short pieces: between two pieces the browser paints and answers.
// The work is a generator that yields how many vertices or objects it has handled since it last did.
faellesrum.inPieces = function (work) {
  "use strict";
  const BUDGET_MS = 30;
  const told = { pieces: 0, steps: 0, most: 0 };
  // Not a timer: those of a page in the background wait for a second each.
  const channel = new MessageChannel();
  const done = new Promise((resolve, reject) => {
    function piece() {
      const begin = performance.now();
      told.pieces += 1;
      try {
        do {
          const step = work.next();
          if (step.done) { channel.port1.close(); resolve(told); return; }
          told.steps += 1;
          told.most = Math.max(told.most, step.value || 0);
        } while (performance.now() - begin < BUDGET_MS);
      } catch (error) { reject(error); throw error; }
      channel.port2.postMessage(null);
    }
    channel.port1.onmessage = piece;
    channel.port2.postMessage(null);
  });
  done.catch(() => {}); // thrown in the piece, where the console shows it
  return { done, told };
};
