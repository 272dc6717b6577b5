// Set up before the page: counts how often it asks the app for an event and how many states it hears of those that run, and
// knows which of them are not over. An open stream tells nothing: Gradio may open one more when there is nothing left to hear.
(() => {
  const ask = window.fetch;
  const over = new Set();
  window.owed = { asked: 0, open: new Set(), states: 0 };
  const asks = async (request) => {
    const place = {};
    window.owed.asked += 1;
    window.owed.open.add(place);
    try {
      const answer = await request();
      const { event_id: event } = await answer.clone().json().catch(() => ({}));
      if (event && !over.has(event)) window.owed.open.add(event);
      return answer;
    } finally {
      window.owed.open.delete(place);
    }
  };
  const listens = async (answer) => {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (text + value).split("\n");
      text = lines.pop();
      for (const line of lines) {
        const event = line.match(/^data: \{"msg":"process_completed","event_id":"(\w+)"/)?.[1];
        if (line.startsWith('data: {"msg":"process_generating"')) window.owed.states += 1;
        over.add(event);
        window.owed.open.delete(event);
      }
    }
  };
  window.fetch = async (asked, options) => {
    const address = String(asked?.url ?? asked), request = () => ask(asked, options);
    if (/\/gradio_api\/(queue\/join|run\/)/.test(address)) return asks(request);
    const answer = await request();
    if (address.includes("/gradio_api/queue/data")) listens(answer.clone()).catch(() => {}); // the page closes it when it likes
    return answer;
  };
})();
