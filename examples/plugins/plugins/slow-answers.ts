import { definePlugin, parseDuration, type PluginExchange } from 'tidegate/plugins';
import { z } from 'zod';

// Tells clients how long the backend took (Server-Timing), and the log which answers were slow. `tidegate plugins list` counts them.
export default definePlugin({
  name: 'slow-answers',
  options: z.strictObject({
    after: z
      .string()
      .default('1s')
      .transform((text, context) => {
        const ms = parseDuration(text);
        if (ms !== undefined) return ms;
        context.addIssue({ code: 'custom', message: 'expected a duration like "500ms"' });
        return z.NEVER;
      }),
  }),
  create({ after }, context) {
    // What belongs to one exchange hangs on it, and goes when that goes.
    const begun = new WeakMap<PluginExchange, number>();
    let slow = 0;
    return {
      // For each attempt: the last one is that which answers.
      upstream(exchange) {
        begun.set(exchange, performance.now());
      },
      response(exchange) {
        const since = begun.get(exchange);
        if (since === undefined || exchange.response.from !== 'backend') return;
        const ms = Math.round(performance.now() - since);
        exchange.response.headers.append('Server-Timing', `backend;dur=${ms}`);
        if (ms < after) return;
        slow += 1;
        exchange.setLogField('slow', ms);
        context.log.warn({ backend: exchange.backend, path: exchange.request.path, ms }, 'a slow answer');
      },
      status: () => ({ slow }),
    };
  },
});
