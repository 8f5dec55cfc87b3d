// The process in which `tidegate/testing` runs a script: isolates need Node without its start-up snapshot.
import { RuleHost } from './evaluate.ts';
import type { LoadedScript } from './loaded-script.ts';
import type { RuleLog } from './script-log.ts';
import type { Answers, ChildMessage, LogLine, Question } from './testing-messages.ts';

let script: LoadedScript | null = null;
let logs: LogLine[] = [];

function writer(level: LogLine['level']): RuleLog['info'] {
  return (fields: unknown, message?: string) => {
    logs.push({ level, message: message ?? String(fields) });
  };
}

const host = new RuleHost({
  log: { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') },
  onFault: () => {},
  lastWords: false,
  trace: false,
});

async function answerTo(question: Question): Promise<Partial<Answers>> {
  if (question.type === 'load') {
    const loaded = await host.load(question.bundle, question.lists);
    if (!loaded.ok) return { load: loaded.problems };
    ({ script } = loaded);
    return { load: [] };
  }
  if (script === null) throw new Error('no script is loaded');
  // As in the proxy, handlers that the script does not have are not called.
  const { handles } = script;
  switch (question.type) {
    case 'connect':
      return { connect: handles.connect ? script.connect(question.connection) : { kind: 'next' } };
    case 'request':
      return { request: handles.request ? script.request(question.request) : { kind: 'next', edits: [] } };
    case 'response':
      return {
        response: handles.response ? script.response(question.status, question.head, question.request) : null,
      };
    case 'log':
      return { log: handles.log ? script.log(question.entry) : true };
    case 'pick':
      return { pick: handles.pick ? script.pick(question.candidates, question.request) : -1 };
    case 'certificate':
      return { certificate: handles.certificate && script.certificate(question.name, question.client) };
  }
}

process.on('message', (message: { readonly id: number; readonly question: Question }) => {
  answerTo(message.question).then(
    (answers) => {
      process.send?.({ id: message.id, answers, logs } satisfies ChildMessage);
      logs = [];
    },
    (error: unknown) => {
      queueMicrotask(() => {
        throw error;
      });
    },
  );
});
// The parent is gone; `exit` would wait for a script that never ends.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
